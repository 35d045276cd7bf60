//! No walk from a Rust file of this repository along its imports comes back to it. `make circles` runs only these tests.
//!
//! An import is a path into another file of the same crate, in a `use` or in code: `crate::…`, `super::…`, `self::…`, or a path
//! that begins with a child module. A `mod` declaration is not an import: it names a file, and uses nothing from it.
//!
//! The files are read as tokens and not with `syn`, to which the arguments of a macro are tokens too: for the paths in them
//! (`assert!(super::c::C == 1)`) all of `collect_paths` would be needed beside syn's visitors.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

#[test]
fn imports_form_no_circle() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut files = Vec::new();
    rust_files(root, &mut files);
    let mut read = BTreeSet::new();
    let mut circles = Vec::new();
    for root_file in files.iter().filter(|it| is_crate_root(it)) {
        let krate = Crate::read(root_file);
        read.extend(krate.files.values().map(|it| it.path.clone()));
        circles.extend(krate.circle());
    }
    let unread: Vec<_> = files.iter().filter(|it| !read.contains(*it)).collect();
    assert!(unread.is_empty(), "no crate contains these files: {unread:?}");
    assert!(circles.is_empty(), "circles of imports:\n{}", circles.join("\n"));
}

#[test]
fn circle_of_three_files_is_found() {
    let krate = Crate::of(&[
        ("", "mod a; mod b; mod c; mod d;"),
        ("a", "use crate::{b::{self, B}, d};"),
        ("b", "fn f() { assert!(super::c::C == 1) }"),
        ("c", "mod tests { use super::super::a::*; }"),
        ("d", "use std::a;"),
    ]);
    assert_eq!(krate.circle().as_deref(), Some("a -> b -> c -> a"));
}

#[test]
fn circle_of_parent_and_child_is_found() {
    let krate = Crate::of(&[
        ("", "mod a;"),
        ("a", "mod child; use child::f;"),
        ("a::child", "pub fn f() { super::g() }"),
    ]);
    assert_eq!(krate.circle().as_deref(), Some("a -> a::child -> a"));
}

#[test]
fn declarations_and_paths_within_a_file_are_no_circle() {
    let krate = Crate::of(&[
        ("", "mod a; mod b;"),
        (
            "a",
            "mod child; pub(crate) fn g() {} mod tests { use super::*; fn f() { crate::a::g() } }",
        ),
        ("a::child", "use super::g; use crate::b::g as h;"),
        (
            "b",
            "use other::a; fn f() { self::inner::g(); x.a::<u8>() } mod inner { fn g() { super::f() } }",
        ),
    ]);
    assert_eq!(krate.circle(), None);
}

/// All Rust files of the repository.
fn rust_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_symlink()
            || name.starts_with('.')
            || matches!(name, "target" | "node_modules" | "runtimes")
        {
            continue;
        }
        if path.is_dir() {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|it| it == "rs") {
            files.push(path);
        }
    }
}

fn is_crate_root(file: &Path) -> bool {
    let folder = file.parent().and_then(Path::file_name).unwrap().to_str().unwrap();
    matches!(file.file_name().unwrap().to_str().unwrap(), "lib.rs" | "main.rs" | "build.rs")
        || matches!(folder, "bin" | "examples" | "tests" | "fuzz_targets")
}

/// The files of a crate, by the paths of their modules: `a::b`, and nothing for the root.
struct Crate {
    files: BTreeMap<String, File>,
}

struct File {
    path: PathBuf,
    tokens: TokenStream,
}

impl Crate {
    fn read(root: &Path) -> Self {
        let mut krate = Self { files: BTreeMap::new() };
        let folder = root.parent().unwrap();
        krate.add(String::new(), root.to_owned(), folder);
        krate
    }

    /// Adds a file and those of the modules that it declares; the files of its child modules are in `folder`.
    fn add(&mut self, module: String, path: PathBuf, folder: &Path) {
        let text = fs::read_to_string(&path).unwrap();
        let tokens: TokenStream = text.parse().unwrap();
        let declared = declared_modules(&tokens);
        self.files.insert(module.clone(), File { path: path.clone(), tokens });
        for (name, attribute) in declared {
            let file = match attribute {
                // `#[path]` counts from the folder of the file that declares.
                Some(file) => path.parent().unwrap().join(file),
                None => folder.join(format!("{name}.rs")),
            };
            let below = file.with_extension("");
            self.add(join(&module, &name), file, &below);
        }
    }

    fn of(files: &[(&str, &str)]) -> Self {
        let file = |(module, text): &(&str, &str)| {
            let tokens = text.parse().unwrap();
            ((*module).to_owned(), File { path: PathBuf::new(), tokens })
        };
        Self { files: files.iter().map(file).collect() }
    }

    /// The modules of the files that a file imports.
    fn imports(&self, module: &str) -> BTreeSet<String> {
        let mut paths = Vec::new();
        collect_paths(self.files[module].tokens.clone(), module, &mut paths);
        let files = paths.iter().map(|it| self.file_of(it));
        files.filter(|it| it != module).collect()
    }

    /// The module of the file that a path leads into: its longest prefix that is a file.
    fn file_of(&self, path: &str) -> String {
        let mut module = path;
        while !self.files.contains_key(module) {
            module = module.rsplit_once("::").map_or("", |it| it.0);
        }
        module.to_owned()
    }

    /// A circle of imports, in words.
    fn circle(&self) -> Option<String> {
        let imports: BTreeMap<_, _> =
            self.files.keys().map(|it| (it.as_str(), self.imports(it))).collect();
        let mut done = BTreeSet::new();
        let mut walk = Vec::new();
        self.files.keys().find_map(|start| find_circle(start, &imports, &mut walk, &mut done))
    }
}

/// Depth first. A file that is left without a circle needs no second visit.
fn find_circle<'a>(
    module: &'a str,
    imports: &'a BTreeMap<&str, BTreeSet<String>>,
    walk: &mut Vec<&'a str>,
    done: &mut BTreeSet<&'a str>,
) -> Option<String> {
    if let Some(start) = walk.iter().position(|it| *it == module) {
        let names = walk[start..].iter().chain([&module]);
        let names: Vec<_> = names.map(|it| if it.is_empty() { "the root" } else { it }).collect();
        return Some(names.join(" -> "));
    }
    if !done.contains(module) {
        walk.push(module);
        let found = imports[module].iter().find_map(|it| find_circle(it, imports, walk, done));
        if found.is_some() {
            return found;
        }
        walk.pop();
        done.insert(module);
    }
    None
}

fn join(module: &str, name: &str) -> String {
    if module.is_empty() { name.into() } else { format!("{module}::{name}") }
}

/// The names in `mod name;`, each with the file in a `#[path]` before it.
fn declared_modules(tokens: &TokenStream) -> Vec<(String, Option<String>)> {
    let tokens: Vec<_> = tokens.clone().into_iter().collect();
    let mut found = Vec::new();
    let mut path = None;
    for window in tokens.windows(3) {
        match window {
            [TokenTree::Ident(keyword), TokenTree::Ident(name), TokenTree::Punct(end)]
                if keyword == "mod" && end.as_char() == ';' =>
            {
                found.push((name.to_string(), path.take()));
            }
            [TokenTree::Punct(hash), TokenTree::Group(attribute), _] if hash.as_char() == '#' => {
                let text = attribute.stream().to_string();
                if let Some(file) = text.strip_prefix("path = ") {
                    path = Some(file.trim_matches('"').to_owned());
                }
            }
            _ => {}
        }
    }
    found
}

/// The paths in some code of a module that may lead to files of the same crate.
fn collect_paths(tokens: TokenStream, module: &str, paths: &mut Vec<String>) {
    let tokens: Vec<_> = tokens.into_iter().collect();
    let mut index = 0;
    while let Some(token) = tokens.get(index) {
        index += 1;
        match token {
            TokenTree::Group(group) => {
                let within = inline_module(&tokens[..index - 1])
                    .map_or_else(|| module.to_owned(), |name| join(module, &name));
                collect_paths(group.stream(), &within, paths);
            }
            // After `::` or a dot it is not the first name of a path.
            TokenTree::Ident(ident) if !follows_separator(&tokens[..index - 1]) => {
                let first = ident.to_string();
                let base = match first.as_str() {
                    "crate" => String::new(),
                    "self" => module.to_owned(),
                    "super" => parent(module),
                    _ => join(module, &first),
                };
                if is_separator(&tokens[index..]) || is_use(&tokens[..index - 1]) {
                    index = follow(&tokens, index, base, paths);
                }
            }
            _ => {}
        }
    }
}

/// Follows a path from its first name, into the braces of a `use`; returns where it ends.
fn follow(
    tokens: &[TokenTree],
    mut index: usize,
    mut path: String,
    paths: &mut Vec<String>,
) -> usize {
    while is_separator(&tokens[index..]) {
        match tokens.get(index + 2) {
            Some(TokenTree::Ident(name)) if name == "super" => path = parent(&path),
            Some(TokenTree::Ident(name)) => path = join(&path, &name.to_string()),
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                let inner: Vec<_> = group.stream().into_iter().collect();
                for item in
                    inner.split(|it| matches!(it, TokenTree::Punct(it) if it.as_char() == ','))
                {
                    if let Some(TokenTree::Ident(name)) = item.first() {
                        let name = name.to_string();
                        let path = if name == "self" { path.clone() } else { join(&path, &name) };
                        follow(item, 1, path, paths);
                    }
                }
                return index + 3;
            }
            // A `*`, or type arguments.
            _ => break,
        }
        index += 3;
    }
    paths.push(path);
    index
}

fn parent(module: &str) -> String {
    module.rsplit_once("::").map_or("", |it| it.0).to_owned()
}

/// The name of the module whose braces come next.
fn inline_module(before: &[TokenTree]) -> Option<String> {
    match before {
        [.., TokenTree::Ident(keyword), TokenTree::Ident(name)] if keyword == "mod" => {
            Some(name.to_string())
        }
        _ => None,
    }
}

fn is_use(before: &[TokenTree]) -> bool {
    matches!(before.last(), Some(TokenTree::Ident(it)) if it == "use")
}

fn is_separator(tokens: &[TokenTree]) -> bool {
    matches!(tokens, [TokenTree::Punct(a), TokenTree::Punct(b), ..] if a.as_char() == ':' && b.as_char() == ':')
}

fn follows_separator(before: &[TokenTree]) -> bool {
    match before {
        [.., TokenTree::Punct(a), TokenTree::Punct(b)] if b.as_char() == ':' => a.as_char() == ':',
        [.., TokenTree::Punct(a), TokenTree::Punct(b)] if b.as_char() == '.' => a.as_char() != '.',
        [.., TokenTree::Punct(a)] => a.as_char() == '.',
        _ => false,
    }
}
