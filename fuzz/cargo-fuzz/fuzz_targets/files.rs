//! Files from strangers: whatever stands in them, reading ends in a value or an error, never in a panic or a lack of memory.

#![no_main]

use crisol_params::{Role, Tree, Zeros};
use crisol_tensor::random::Key;
use crisol_tensor::{DType, Shape};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((&kind, content)) = bytes.split_first() else { return };
    if kind % 3 == 0 {
        if let Ok(table) = crisol_data::read_csv_from(content) {
            let names: Vec<String> = table.names().map(str::to_owned).collect();
            for name in &names {
                table.column(name).expect("a name that the table gave");
                table.one_hot(name).ok();
            }
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            table.to_array(&names).ok();
        }
        return;
    }
    let file = tempfile::NamedTempFile::new().expect("a place for files");
    std::fs::write(file.path(), content).expect("room for a file");
    if kind % 3 == 1 {
        crisol_data::read_idx(file.path()).ok();
    } else {
        weights().load_safetensors(file.path()).ok();
    }
});

/// A tree with a weight of each of some names and types.
fn weights() -> Tree {
    let mut tree = Tree::new(Key::new(1));
    for (path, dtype) in [("a", DType::F32), ("b/kernel", DType::F64), ("b/bias", DType::I32)] {
        let shape = Shape::new(&[2, 3]).expect("a small shape");
        tree.create(path, shape, dtype, Role::Weight, &Zeros).expect("a new name");
    }
    tree.seal().expect("zeros");
    tree
}
