//! The loops of a tile, over whatever the module that calls `tiled!` names `Element`, `Vector`, `Mask` and the functions on them.

// There is one function for each number of rows, its sums named one by one: an array indexed in a loop would live in memory
// whenever the compiler chose not to unroll the loop.
macro_rules! rows {
    ($attribute:meta; $name:ident: $($sum:ident $row:literal)*) => {
        /// # Safety
        /// As `Tiled::compute`; the processor must have this module's instructions; the size must be that of this function:
        /// its rows, at most `V` vectors, and all of these if `WHOLE`.
        #[$attribute]
        unsafe fn $name<const V: usize, const WHOLE: bool>(tile: &Tile<'_, Element>) {
            // SAFETY: the caller vouches for every place that the tile names; masked lanes are not touched.
            unsafe {
                let masks: [Mask; V] =
                    std::array::from_fn(|vector| mask(tile.size[1].saturating_sub(vector * LANES).min(LANES)));
                $(let mut $sum = [zero(); V];)*
                let distances = Distances::new::<Element>(tile.x_row);
                let mut v = tile.v;
                for &start in tile.runs {
                    let mut x = tile.x.wrapping_add(start);
                    for _ in 0..tile.run[0] {
                        let mut values = [zero(); V];
                        for vector in 0..V {
                            values[vector] = load::<WHOLE>(masks[vector], v.wrapping_add(vector * LANES));
                        }
                        $(
                            let repeated = splat(distances.row(x, $row));
                            for vector in 0..V {
                                $sum[vector] = multiply_add(repeated, values[vector], $sum[vector]);
                            }
                        )*
                        v = v.wrapping_add(tile.v_step);
                        x = hidden(x.wrapping_add(tile.run[1]));
                    }
                }
                let mut out = tile.out;
                $(
                    for vector in 0..V {
                        let out = out.wrapping_add(vector * LANES);
                        if tile.accumulate {
                            $sum[vector] = add(load::<WHOLE>(masks[vector], out), $sum[vector]);
                        }
                        store::<WHOLE>(out, masks[vector], $sum[vector]);
                    }
                    out = out.wrapping_add(tile.out_row);
                )*
                let _ = out;
            }
        }
    };
}

/// Makes `SIZE`, `compute` and `dots` of a module.
///
/// `whole` says whether vectors without a mask are worth functions of their own; `attribute` what each function that works on
/// vectors is marked with; the list has a function for each number of rows.
macro_rules! tiled {
    ($attribute:meta, whole: $whole:literal, $($name:ident: $($sum:ident $row:literal)*;)*) => {
        use crate::tile::{DOTS, Distances, Tile, hidden};

        $(rows!($attribute; $name: $($sum $row)*);)*

        type Rows = unsafe fn(&Tile<'_, Element>);

        /// By vectors and by whether all lanes are used, then by rows.
        const TABLE: [[[Rows; SIZE[0]]; 2]; 2] = [
            [[$($name::<1, false>),*], [$($name::<1, $whole>),*]],
            [[$($name::<2, false>),*], [$($name::<2, $whole>),*]],
        ];

        /// The most rows and channels.
        pub(in crate::tile) const SIZE: [usize; 2] = [[$(stringify!($name)),*].len(), 2 * LANES];

        /// # Safety
        /// As `Tiled::compute`; the processor must have this module's instructions.
        #[inline]
        pub(in crate::tile) unsafe fn compute(tile: &Tile<'_, Element>) {
            let [rows, channels] = tile.size;
            assert!((1..=SIZE[1]).contains(&channels), "too many channels for a tile");
            let function = TABLE[(channels - 1) / LANES][usize::from(channels % LANES == 0)][rows - 1];
            // SAFETY: the caller's promise; the table's functions are in the order of their rows.
            unsafe { function(tile) }
        }

        /// # Safety
        /// As `Tiled::dots`; the processor must have this module's instructions.
        #[$attribute]
        pub(in crate::tile) unsafe fn dots(
            many: [*const Element; DOTS],
            one: *const Element,
            length: usize,
        ) -> [Element; DOTS] {
            // SAFETY: places below `length` are readable, and masked lanes are not read.
            unsafe {
                let all = mask(LANES);
                let mut sums = [[zero(); 2]; DOTS];
                let mut at = 0;
                while at + 2 * LANES <= length {
                    let values = [load::<true>(all, one.add(at)), load::<true>(all, one.add(at + LANES))];
                    for number in 0..DOTS {
                        for half in 0..2 {
                            let other = load::<true>(all, many[number].add(at + half * LANES));
                            sums[number][half] = multiply_add(other, values[half], sums[number][half]);
                        }
                    }
                    at += 2 * LANES;
                }
                while at < length {
                    let some = mask((length - at).min(LANES));
                    let value = load::<false>(some, one.add(at));
                    for number in 0..DOTS {
                        let other = load::<false>(some, many[number].add(at));
                        sums[number][0] = multiply_add(other, value, sums[number][0]);
                    }
                    at += LANES;
                }
                let mut results = [0.0; DOTS];
                for number in 0..DOTS {
                    let mut lanes = [0.0; LANES];
                    store::<true>(lanes.as_mut_ptr(), all, add(sums[number][0], sums[number][1]));
                    // Halves onto each other: the same tree on every processor of this kind.
                    let mut count = LANES;
                    while count > 1 {
                        count /= 2;
                        for lane in 0..count {
                            lanes[lane] += lanes[lane + count];
                        }
                    }
                    results[number] = lanes[0];
                }
                results
            }
        }
    };
}
