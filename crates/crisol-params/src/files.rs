//! Writing files that are never seen half-written.

use std::fs::File;
use std::io::Write;
use std::path::Path;

/// Writes a file whole: beside the target first, then renamed over it, so that a crash at any moment leaves the old file or
/// the new one.
///
/// # Errors
/// The folder does not exist or cannot be written to; an old file is then untouched.
pub fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".unfinished-");
    #[cfg(unix)]
    {
        // As any new file of this user; the default of temporary files hides them from everyone else.
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    if cfg!(unix) {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}
