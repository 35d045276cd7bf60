//! The cache of compiled code.

use std::{
    fs,
    path::{Path, PathBuf},
};

use directories_next::ProjectDirs;
use wasmtime::{Cache, CacheConfig};

/// The folder of this library's own cache: a damaged one is deleted as a whole.
pub(crate) fn folder() -> Option<PathBuf> {
    Some(ProjectDirs::from("", "", "wecom-host")?.cache_dir().to_owned())
}

/// Loads something by way of a cache, if there can be one in this folder.
///
/// wasmtime itself replaces an entry that it can't decompress, and fails on one that is damaged inside. It names entries by a
/// hash that it keeps to itself, so all of them are deleted then.
pub(crate) fn load<T>(
    folder: Option<&Path>,
    load: impl Fn(Option<Cache>) -> wasmtime::Result<T>,
) -> wasmtime::Result<T> {
    let open = || Cache::new(CacheConfig::new().with_directory(folder?).clone()).ok();
    let Some(cache) = open() else { return load(None) };
    match load(Some(cache.clone())) {
        Err(_) if cache.cache_hits() > 0 => {
            // wasmtime may be writing its notes there, from a thread of its own.
            let delete = || fs::remove_dir_all(cache.directory().join("modules"));
            let deleted = delete().or_else(|_| delete());
            load(deleted.ok().and_then(|()| open()))
        }
        result => result,
    }
}

#[cfg(test)]
mod tests {
    use std::env;

    use wasmtime::{Config, Engine, component::Component};

    use super::*;

    fn compile(cache: Option<Cache>) -> wasmtime::Result<Component> {
        let component = wat::parse_str("(component)").unwrap();
        Component::new(&Engine::new(Config::new().cache(cache))?, component)
    }

    fn open(folder: &Path) -> Cache {
        Cache::new(CacheConfig::new().with_directory(folder).clone()).unwrap()
    }

    /// The only entry of a cache, beside wasmtime's own notes about it.
    fn entry(folder: &Path) -> PathBuf {
        let files = |folder: PathBuf| fs::read_dir(folder).unwrap().map(|it| it.unwrap().path());
        let version = files(folder.join("modules")).next().unwrap();
        files(version).find(|it| it.extension().is_none()).unwrap()
    }

    #[test]
    fn damaged_entry_is_replaced() {
        let folder = env::temp_dir().join(format!("wecom-host-cache-{}", std::process::id()));
        load(Some(&folder), compile).unwrap();
        let code = zstd::decode_all(&*fs::read(entry(&folder)).unwrap()).unwrap();

        let mut fatal = 0;
        for start in (0..code.len()).step_by(64) {
            let mut damaged = code.clone();
            damaged.iter_mut().skip(start).take(64).for_each(|it| *it = 0xFF);
            fs::write(entry(&folder), zstd::encode_all(&*damaged, 1).unwrap()).unwrap();
            if compile(Some(open(&folder))).is_ok() {
                continue;
            }
            fatal += 1;
            // At once, or with the next call where wasmtime was writing there meanwhile.
            let is_replaced = || {
                load(Some(&folder), compile).unwrap();
                let cache = open(&folder);
                compile(Some(cache.clone())).is_ok() && cache.cache_hits() == 1
            };
            assert!((0..5).any(|_| is_replaced()), "damaged at {start}");
        }
        assert!(fatal > 0);
        remove(&folder);
    }

    /// wasmtime's cache writes its statistics from a thread of its own, maybe while the folder is removed.
    fn remove(folder: &Path) {
        let mut tries = 0;
        while let Err(error) = fs::remove_dir_all(folder) {
            tries += 1;
            assert!(tries < 100, "{error}");
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
    }

    #[test]
    fn no_cache_is_no_obstacle() {
        load(None, compile).unwrap();
        let file = env::temp_dir().join(format!("wecom-host-no-cache-{}", std::process::id()));
        fs::write(&file, "").unwrap();
        load(Some(&file), compile).unwrap();
        fs::remove_file(file).unwrap();
    }

    #[test]
    fn component_that_does_not_compile_is_reported() {
        let folder = env::temp_dir().join(format!("wecom-host-bad-{}", std::process::id()));
        let broken =
            |cache| Component::new(&Engine::new(Config::new().cache(cache))?, "no component");
        assert!(load(Some(&folder), broken).is_err());
        remove(&folder);
    }
}
