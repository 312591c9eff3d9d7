//! The two species and the traits that one animal of either is drawn with.
//!
//! This table is where the task's hardness lives. A trait is a draw from a distribution of each species, and
//! every distribution overlaps the other's, so no single part settles the class; ears, eyes, muzzle, whiskers,
//! tail and coat together do.

use super::canvas::Color;
use super::random::Rng;

/// Cat or dog.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Species {
    /// Class 0, in folder `Cat`.
    Cat,
    /// Class 1, in folder `Dog`.
    Dog,
}

impl Species {
    /// The name of its folder.
    pub fn folder(self) -> &'static str {
        match self {
            Species::Cat => "Cat",
            Species::Dog => "Dog",
        }
    }
}

/// The form of an ear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ear {
    /// A standing triangle.
    Pointed,
    /// Standing, the tip folded over.
    Folded,
    /// A hanging flap.
    Hanging,
}

/// The pupil of an eye.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pupil {
    /// A standing slit.
    Slit,
    /// A disc.
    Round,
}

/// What one animal looks like apart from its coat; lengths in head radii.
#[derive(Clone, Debug)]
pub struct Traits {
    /// Half width and half height of the skull.
    pub skull: [f32; 2],
    /// Form of the ears.
    pub ear: Ear,
    /// Length and half width of the ears.
    pub ear_size: [f32; 2],
    /// Half width of the muzzle, and how far it is pushed out.
    pub muzzle: [f32; 2],
    /// Half width of the nose.
    pub nose: f32,
    /// Colour of the nose.
    pub nose_color: Color,
    /// Radius of the eyes.
    pub eye: f32,
    /// Colour of the iris.
    pub iris: Color,
    /// Form of the pupil.
    pub pupil: Pupil,
    /// Width of the pupil as a fraction of the eye.
    pub pupil_size: f32,
    /// Length of the whiskers; 0 for none to be seen.
    pub whiskers: f32,
    /// Whether the tongue is out.
    pub tongue: bool,
    /// Length and width of the tail, and how much it curls.
    pub tail: [f32; 3],
    /// Length and width of the legs.
    pub legs: [f32; 2],
    /// Length and girth of the trunk, as factors.
    pub trunk: [f32; 2],
    /// The colour of a collar, for those that wear one.
    pub collar: Option<Color>,
}

const IRISES: [Color; 6] = [
    [0.55, 0.70, 0.25], // green
    [0.85, 0.68, 0.20], // amber
    [0.45, 0.68, 0.85], // blue
    [0.72, 0.44, 0.14], // copper
    [0.34, 0.20, 0.10], // brown
    [0.20, 0.12, 0.07], // dark brown
];

const NOSES: [Color; 4] = [[0.10, 0.08, 0.08], [0.80, 0.50, 0.48], [0.42, 0.25, 0.20], [0.25, 0.18, 0.17]];

const COLLARS: [Color; 5] =
    [[0.80, 0.15, 0.15], [0.15, 0.35, 0.75], [0.20, 0.55, 0.30], [0.85, 0.65, 0.15], [0.55, 0.25, 0.60]];

impl Traits {
    /// The traits of one animal of the species.
    pub fn new(species: Species, rng: &mut Rng) -> Traits {
        match species {
            Species::Cat => Traits::cat(rng),
            Species::Dog => Traits::dog(rng),
        }
    }

    fn cat(rng: &mut Rng) -> Traits {
        let ear = [Ear::Pointed, Ear::Folded, Ear::Hanging][rng.weighted(&[0.90, 0.08, 0.02])];
        let slit = rng.chance(0.72);
        Traits {
            skull: [rng.normal(1.0, 0.06), rng.normal(0.84, 0.05)],
            ear,
            ear_size: [rng.normal(0.80, 0.11), rng.normal(0.34, 0.04)],
            muzzle: [rng.normal(0.36, 0.05).max(0.22), rng.range(0.0, 0.25)],
            nose: rng.normal(0.11, 0.02).max(0.06),
            nose_color: NOSES[rng.weighted(&[0.25, 0.5, 0.15, 0.1])],
            eye: rng.normal(0.26, 0.03).max(0.13),
            iris: IRISES[rng.weighted(&[0.32, 0.26, 0.16, 0.14, 0.08, 0.04])],
            pupil: if slit { Pupil::Slit } else { Pupil::Round },
            pupil_size: if slit { rng.range(0.18, 0.5) } else { rng.range(0.55, 0.85) },
            whiskers: if rng.chance(0.9) { rng.range(0.7, 1.2) } else { 0.0 },
            tongue: rng.chance(0.04),
            tail: [rng.normal(2.0, 0.35), rng.normal(0.24, 0.04), rng.range(-0.6, 1.0)],
            legs: [rng.normal(0.95, 0.16), rng.normal(0.32, 0.04)],
            trunk: [rng.normal(1.03, 0.09), rng.normal(0.98, 0.10)],
            collar: collar(0.25, rng),
        }
    }

    fn dog(rng: &mut Rng) -> Traits {
        let ear = [Ear::Pointed, Ear::Folded, Ear::Hanging][rng.weighted(&[0.18, 0.20, 0.62])];
        let slit = rng.chance(0.03);
        let long = rng.normal(1.0, 0.18);
        Traits {
            skull: [rng.normal(0.90, 0.07), rng.normal(0.92, 0.07)],
            ear,
            ear_size: [rng.normal(0.82, 0.16).max(0.4), rng.normal(0.32, 0.05)],
            muzzle: [rng.normal(0.49, 0.07).max(0.3), rng.range(0.1, 0.6)],
            nose: rng.normal(0.18, 0.03).max(0.08),
            nose_color: NOSES[rng.weighted(&[0.62, 0.08, 0.15, 0.15])],
            eye: rng.normal(0.16, 0.025).max(0.1),
            iris: IRISES[rng.weighted(&[0.03, 0.12, 0.08, 0.17, 0.32, 0.28])],
            pupil: if slit { Pupil::Slit } else { Pupil::Round },
            pupil_size: rng.range(0.4, 0.8),
            whiskers: if rng.chance(0.2) { rng.range(0.4, 0.8) } else { 0.0 },
            tongue: rng.chance(0.35),
            tail: [rng.normal(1.4, 0.4).max(0.4), rng.normal(0.28, 0.08).max(0.12), rng.range(-0.6, 1.4)],
            legs: [rng.normal(1.15, 0.28) * long, rng.normal(0.36, 0.05)],
            trunk: [rng.normal(0.98, 0.10), rng.normal(1.03, 0.12)],
            collar: collar(0.40, rng),
        }
    }
}

fn collar(odds: f32, rng: &mut Rng) -> Option<Color> {
    let color = COLLARS[rng.below(COLLARS.len())];
    rng.chance(odds).then_some(color)
}
