//! Files that only their owner may read.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    path::Path,
};

/// The text of a file. None where there is none.
///
/// # Errors
/// When others can read it, too, or it cannot be read.
pub(crate) fn read(path: &Path) -> Result<Option<String>, String> {
    let name = path.display();
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("{name} cannot be read: {error}")),
    };
    if is_open_to_others(&file).map_err(|error| format!("{name} cannot be read: {error}"))? {
        return Err(format!("others can read {name}, which holds secrets: run `chmod 600 {name}`"));
    }
    let mut text = String::new();
    file.read_to_string(&mut text).map_err(|error| format!("{name} cannot be read: {error}"))?;
    Ok(Some(text))
}

/// Writes a file with mode 0600, in place of the one that is there, and its folder with mode 0700.
///
/// # Errors
/// When it cannot be written; the one that is there stays.
pub(crate) fn write(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    create_folder(folder)?;
    // Renamed when complete: a reader at the same time finds the old or the new.
    let new = path.with_extension(format!("{}.new", std::process::id()));
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&new)?;
    let written = file.write_all(text.as_bytes());
    drop(file);
    let replaced = written.and_then(|()| fs::rename(&new, path));
    if replaced.is_err() {
        // It holds secrets, or a part of them. What is reported is why it could not be written.
        let _ = fs::remove_file(&new);
    }
    replaced
}

fn create_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[cfg(unix)]
fn is_open_to_others(file: &File) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    Ok(file.metadata()?.mode() & 0o077 != 0)
}

/// Elsewhere the folder's own rights decide.
#[cfg(not(unix))]
fn is_open_to_others(_: &File) -> io::Result<bool> {
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_of_a_file_that_cannot_be_written() {
        let folder = std::env::temp_dir().join(format!("wecom-private-{}", std::process::id()));
        // A folder cannot be replaced by a file.
        let path = folder.join("profiles.json");
        fs::create_dir_all(path.join("in-the-way")).unwrap();
        assert!(write(&path, "secret").is_err());
        let names: Vec<_> = fs::read_dir(&folder).unwrap().map(|it| it.unwrap().path()).collect();
        assert_eq!(names, [path]);
        fs::remove_dir_all(folder).unwrap();
    }
}
