//! No file imports in a circle.

use std::collections::{BTreeMap, BTreeSet};

use crate::lexer;
use crate::{body, is_test_file, rust_files};

/// The modules of a crate by their paths, such as `store::queue::lease`, with the file of each.
struct Modules {
    files: BTreeMap<Vec<String>, String>,
    /// What a module hands on: its name there → the path that it stands for.
    hands_on: BTreeMap<(Vec<String>, String), Vec<String>>,
}

/// A `use` declaration: the full path of each name, and whether it is handed on.
struct Use {
    path: Vec<String>,
    is_public: bool,
}

/// The module of a file below `root`.
fn module(name: &str, root: &str) -> Vec<String> {
    let inner = name.strip_prefix(root).expect("a file of the crate");
    let inner = inner.strip_suffix(".rs").expect("a source");
    let mut parts: Vec<String> = inner.split('/').map(str::to_owned).collect();
    if matches!(
        parts.last().map(String::as_str),
        Some("mod" | "lib" | "main")
    ) {
        parts.pop();
    }
    parts
}

/// The paths in a tree such as `a::{b, c::{d, e as f}}`.
fn leaves(tree: &str, before: &[String], all: &mut Vec<Vec<String>>) {
    let tree = tree.trim();
    let Some((head, list)) = tree.split_once('{') else {
        let name = tree.split(" as ").next().expect("a name").trim();
        if !name.is_empty() {
            let parts = name.split("::").map(|part| part.trim().to_owned());
            all.push(before.iter().cloned().chain(parts).collect());
        }
        return;
    };
    let mut inside = before.to_vec();
    inside.extend(
        head.split("::")
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .map(str::to_owned),
    );
    let list = list.rsplit_once('}').map_or(list, |(list, _)| list);
    let (mut depth, mut from) = (0, 0);
    for (at, letter) in list.char_indices().chain([(list.len(), ',')]) {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                leaves(&list[from..at], &inside, all);
                from = (at + 1).min(list.len());
            }
            _ => {}
        }
    }
}

/// The names that a file uses, as paths from the root of its crate.
fn uses(code: &str, module: &[String]) -> Vec<Use> {
    let mut all = Vec::new();
    for (at, _) in code.match_indices("use ") {
        let before = code[..at]
            .rsplit([';', '}', '{', ']'])
            .next()
            .unwrap_or("")
            .trim();
        if !(before.is_empty() || before.starts_with("pub"))
            || code[..at].ends_with(|l: char| l.is_alphanumeric())
        {
            continue;
        }
        let tree = code[at + 4..].split(';').next().expect("a declaration");
        let mut paths = Vec::new();
        leaves(tree, &[], &mut paths);
        for mut path in paths {
            let mut from = module.to_vec();
            match path[0].as_str() {
                "crate" => from.clear(),
                "super" => {}
                "self" => {}
                // `use child::Name` in a module that declares the child.
                _ => {
                    path.insert(0, "self".to_owned());
                }
            }
            let mut rest = path.into_iter().peekable();
            while let Some(word) = rest.peek() {
                match word.as_str() {
                    "crate" | "self" => {}
                    "super" => {
                        from.pop();
                    }
                    _ => break,
                }
                rest.next();
            }
            from.extend(rest);
            all.push(Use {
                path: from,
                is_public: before.starts_with("pub"),
            });
        }
    }
    all
}

impl Modules {
    fn read(files: &[(String, String)], root: &str) -> Self {
        let mut modules = Self {
            files: files
                .iter()
                .map(|(name, _)| (module(name, root), name.clone()))
                .collect(),
            hands_on: BTreeMap::new(),
        };
        for (name, code) in files {
            let own = module(name, root);
            for one in uses(code, &own).into_iter().filter(|one| one.is_public) {
                if let Some(last) = one.path.last() {
                    let key = (own.clone(), last.clone());
                    if one.path[..one.path.len() - 1] != own[..] {
                        modules.hands_on.insert(key, one.path);
                    }
                }
            }
        }
        modules
    }

    /// The file that defines what a path names.
    fn file_of(&self, path: &[String]) -> Option<&String> {
        let mut path = path.to_vec();
        for _ in 0..8 {
            if let Some(file) = self.files.get(&path) {
                return Some(file);
            }
            let known = (0..path.len())
                .rev()
                .find(|end| self.files.contains_key(&path[..*end]))?;
            let key = (path[..known].to_vec(), path[known].clone());
            match self.hands_on.get(&key) {
                Some(target) => path = target.iter().chain(&path[known + 1..]).cloned().collect(),
                None => return self.files.get(&path[..known]),
            }
        }
        None
    }

    /// Which files each file imports from. What is only handed on is no import.
    fn imports(
        &self,
        files: &[(String, String)],
        root: &str,
    ) -> BTreeMap<String, BTreeSet<String>> {
        let mut all = BTreeMap::new();
        for (name, code) in files {
            let used = uses(code, &module(name, root));
            let targets = used.iter().filter(|one| !one.is_public);
            let targets = targets.filter_map(|one| self.file_of(&one.path));
            let others = targets.filter(|other| *other != name).cloned();
            all.insert(name.clone(), others.collect());
        }
        all
    }
}

/// The files that import each other, directly or through others.
fn circles(imports: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let reached = |from: &String| {
        let (mut seen, mut next) = (BTreeSet::new(), vec![from]);
        while let Some(name) = next.pop() {
            for other in imports.get(name).into_iter().flatten() {
                if seen.insert(other) {
                    next.push(other);
                }
            }
        }
        seen
    };
    let all = imports.keys().filter(|name| reached(name).contains(name));
    all.cloned().collect()
}

fn check(folder: &str) -> (Vec<String>, usize) {
    let root = format!("{folder}/");
    let files: Vec<(String, String)> = rust_files(folder)
        .into_iter()
        .filter(|(name, _)| !is_test_file(name))
        .map(|(name, text)| (name, lexer::read(body(&text)).code))
        .collect();
    let modules = Modules::read(&files, &root);
    let imports = modules.imports(&files, &root);
    let count = imports.values().map(BTreeSet::len).sum();
    (circles(&imports), count)
}

#[test]
fn no_file_imports_in_a_circle() {
    let (found, imports) = check("src");
    assert_eq!(found, [""; 0]);
    assert!(imports > 400, "only {imports} imports were seen");
    let (found, _) = check("benches/figures");
    assert_eq!(found, [""; 0]);
}

#[test]
fn a_circle_through_a_name_that_is_handed_on_is_seen() {
    let files = [
        ("src/lib.rs", "pub mod a; pub mod b;"),
        ("src/a/mod.rs", "mod one; pub use one::One;"),
        (
            "src/a/one.rs",
            "use crate::b::{Other, Two}; pub struct One;",
        ),
        ("src/b.rs", "use super::a::One as First; pub struct Two;"),
    ]
    .map(|(name, code)| (name.to_owned(), code.to_owned()));
    let modules = Modules::read(&files, "src/");
    let imports = modules.imports(&files, "src/");
    assert_eq!(circles(&imports), ["src/a/one.rs", "src/b.rs"]);
}
