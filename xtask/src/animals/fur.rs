//! Coats: colours, patterns and the grain of the hair.
//!
//! Cats and dogs draw from one palette and one list of patterns. Only the odds differ: tabby stripes are
//! commoner on cats, large patches and saddles on dogs, and every coat occurs on both.

use super::canvas::{Color, lerp, scaled, smoothstep};
use super::random::{Noise, Rng};
use super::species::Species;

/// Fur colours that both animals wear: base, and the darker colour of its markings.
const PALETTE: [(Color, Color); 9] = [
    ([0.83, 0.56, 0.28], [0.58, 0.33, 0.13]), // ginger, golden
    ([0.48, 0.45, 0.43], [0.20, 0.18, 0.17]), // grey
    ([0.53, 0.40, 0.28], [0.23, 0.16, 0.11]), // brown
    ([0.19, 0.17, 0.17], [0.07, 0.06, 0.06]), // black
    ([0.92, 0.89, 0.84], [0.62, 0.52, 0.42]), // white
    ([0.86, 0.76, 0.60], [0.46, 0.33, 0.22]), // cream
    ([0.42, 0.26, 0.17], [0.17, 0.10, 0.07]), // chocolate
    ([0.66, 0.60, 0.52], [0.33, 0.28, 0.24]), // fawn
    ([0.50, 0.54, 0.60], [0.26, 0.29, 0.34]), // blue grey
];

const CAT_COLORS: [f32; 9] = [1.2, 1.4, 1.0, 1.1, 1.0, 0.9, 0.6, 0.8, 1.1];
const DOG_COLORS: [f32; 9] = [1.3, 0.9, 1.1, 1.2, 1.1, 1.1, 1.1, 1.1, 0.7];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Pattern {
    Solid,
    Stripes,
    Patches,
    Saddle,
    Spots,
}

const PATTERNS: [Pattern; 5] = [Pattern::Solid, Pattern::Stripes, Pattern::Patches, Pattern::Saddle, Pattern::Spots];

/// The coat of one animal, asked for its colour point by point.
#[derive(Clone, Debug)]
pub struct Coat {
    base: Color,
    dark: Color,
    pattern: Pattern,
    /// How strongly the pattern shows, 0 to 1.
    contrast: f32,
    /// Stripes or spots a head radius, and their slant.
    frequency: f32,
    slant: [f32; 2],
    /// White muzzle, chest and paws.
    pub bib: bool,
    /// Hair: strength, fineness, and how curly it is.
    hair: f32,
    fineness: f32,
    curl: f32,
    /// How tufted the outlines are, as a fraction of a part's size.
    pub shag: f32,
    wide: Noise,
    fine: Noise,
}

impl Coat {
    /// A random coat with the odds of the species.
    pub fn new(species: Species, rng: &mut Rng) -> Coat {
        let (colors, patterns) = match species {
            Species::Cat => (CAT_COLORS, [0.16, 0.70, 0.08, 0.03, 0.03]),
            Species::Dog => (DOG_COLORS, [0.46, 0.04, 0.27, 0.20, 0.10]),
        };
        let (base, dark) = PALETTE[rng.weighted(&colors)];
        let tint = rng.range(0.85, 1.15);
        let shift = [rng.normal(0.0, 0.025), rng.normal(0.0, 0.02), rng.normal(0.0, 0.025)];
        let colored = |color: Color| [0, 1, 2].map(|i| (color[i] * tint + shift[i]).clamp(0.02, 0.97));
        let cat = species == Species::Cat;
        let curly = rng.chance(if cat { 0.04 } else { 0.25 });
        let slant = rng.normal(0.0, 0.35);
        let pattern = PATTERNS[rng.weighted(&patterns)];
        // Stripes are told from the coat at a distance: dark ones on fur a little lighter than plain fur.
        let (lighter, darker) = if pattern == Pattern::Stripes { (1.12, 0.62) } else { (1.0, 1.0) };
        let long_hair = rng.chance(if cat { 0.3 } else { 0.45 });
        Coat {
            base: colored(scaled(base, lighter)),
            dark: colored(scaled(dark, darker)),
            pattern,
            contrast: rng.range(0.7, 1.0),
            frequency: rng.range(1.7, 2.9),
            slant: [libm::cosf(slant), libm::sinf(slant)],
            bib: rng.chance(0.4),
            hair: if curly { rng.range(0.18, 0.32) } else { rng.range(0.05, 0.15) },
            fineness: rng.range(5.0, 11.0),
            curl: if curly { 1.0 } else { rng.range(0.0, 0.25) },
            shag: if long_hair { rng.range(0.05, 0.12) } else { rng.range(0.0, 0.04) },
            wide: Noise::new(rng),
            fine: Noise::new(rng),
        }
    }

    /// The colour at a point of the animal in head radii, before light falls on it.
    pub fn at(&self, u: f32, v: f32) -> Color {
        let warp = self.wide.at(1.3 * u, 1.3 * v);
        let marked = self.contrast
            * match self.pattern {
                Pattern::Solid => 0.25 * smoothstep(0.0, 0.8, warp),
                Pattern::Stripes => {
                    let phase = self.frequency * (u * self.slant[0] + v * self.slant[1]) + 0.55 * warp;
                    let wave = 1.0 - 4.0 * (phase - phase.floor() - 0.5).abs();
                    smoothstep(-0.25, 0.35, wave)
                }
                Pattern::Patches => smoothstep(0.02, 0.12, self.wide.rough(0.55 * u + 3.7, 0.55 * v)),
                Pattern::Saddle => {
                    smoothstep(0.2, -0.25, v - 0.9 + 0.4 * warp) * smoothstep(0.4, -0.2, u + 0.5 + 0.3 * warp)
                }
                Pattern::Spots => smoothstep(0.3, 0.45, self.fine.at(self.frequency * u, self.frequency * v)),
            };
        let color = lerp(self.base, self.dark, marked);
        scaled(color, 1.0 + self.grain(u, v))
    }

    /// The colour of the white parts (bib, paws, blaze) when the coat has them, else of the coat.
    pub fn pale(&self, u: f32, v: f32) -> Color {
        let color = if self.bib { [0.93, 0.90, 0.86] } else { lerp(self.base, [0.95, 0.88, 0.78], 0.35) };
        scaled(color, 1.0 + 0.7 * self.grain(u, v))
    }

    /// The colour of ears and tail tips, `depth` from the base (0) to the markings (1).
    pub fn shaded(&self, depth: f32, u: f32, v: f32) -> Color {
        scaled(lerp(self.base, self.dark, depth), 1.0 + self.grain(u, v))
    }

    /// The solid colour of the markings: forehead stripes, brows.
    pub fn marking(&self) -> Color {
        self.dark
    }

    /// Whether the coat is striped (then the forehead wears its M too).
    pub fn striped(&self) -> bool {
        self.pattern == Pattern::Stripes
    }

    fn grain(&self, u: f32, v: f32) -> f32 {
        let (f, long) = (self.fineness, 0.35 + 0.65 * self.curl);
        self.hair * (self.fine.at(f * u, f * long * v) + self.curl * self.wide.at(3.1 * f * u / 4.0, 3.1 * f * v / 4.0))
    }
}
