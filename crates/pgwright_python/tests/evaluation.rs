//! What modules evaluate to, as `name = value` lines: Python's own answers to the same source.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use pgwright_diagnostics::{File, Files};
use pgwright_python::modules::{DescribedModule, Found, ModuleOrigin, Precedence, SearchPaths};
use pgwright_python::value::Value;
use pgwright_python::{Evaluator, Host, ProjectFiles, Trees};

struct Memory(BTreeMap<Utf8PathBuf, &'static str>);

impl Host for Memory {
    fn read(&self, path: &Utf8Path) -> io::Result<Vec<u8>> {
        self.0.get(path).map(|text| text.as_bytes().to_vec()).ok_or_else(|| io::ErrorKind::NotFound.into())
    }
    fn is_file(&self, path: &Utf8Path) -> bool {
        self.0.contains_key(path)
    }
    fn is_dir(&self, path: &Utf8Path) -> bool {
        self.0.keys().any(|file| file.starts_with(path))
    }
    fn list(&self, _folder: &Utf8Path) -> Vec<Utf8PathBuf> {
        Vec::new()
    }
}

/// Evaluates module `main` among these files and shows what it binds.
fn evaluate(sources: &[(&str, &'static str)]) -> BTreeMap<String, String> {
    let host = Memory(sources.iter().map(|(path, text)| (Utf8PathBuf::from(*path), *text)).collect());
    let mut files = Files::default();
    let mut project = ProjectFiles::default();
    for (path, text) in sources {
        let file = Arc::new(File::new(Utf8PathBuf::from(*path), (*text).to_owned()));
        project.add(files.share(file.clone()), file, true);
    }
    let trees = Trees::new();
    let paths = SearchPaths { project: vec![Utf8PathBuf::new()], ..SearchPaths::default() };
    let mut evaluator = Evaluator::new(&project, &trees, &host, files, paths);
    let module = evaluator.import("main").expect("module main is among the sources");
    evaluator.ensure(module);
    evaluator
        .module_names(module)
        .into_iter()
        .filter(|(name, _)| !name.starts_with('_'))
        .map(|(name, value)| (name.to_string(), show(&mut evaluator, &value)))
        .collect()
}

fn show(evaluator: &mut Evaluator<'_>, value: &Value) -> String {
    match value {
        Value::Str(text) => format!("{text:?}"),
        Value::List(_) | Value::Tuple(_) => {
            let items = evaluator.iterate(value).unwrap_or_default();
            let shown: Vec<String> = items.iter().map(|item| show(evaluator, item)).collect();
            format!("[{}]", shown.join(", "))
        }
        Value::Dict(id) => {
            let entries = evaluator.heap.dict_of(*id).map(|dict| dict.entries.clone()).unwrap_or_default();
            let shown: Vec<String> = entries
                .into_values()
                .map(|(key, value)| format!("{}: {}", show(evaluator, &key), show(evaluator, &value)))
                .collect();
            format!("{{{}}}", shown.join(", "))
        }
        Value::Class(class) => format!("class {}", evaluator.class_path(*class)),
        Value::Unknown(_) => "unknown".to_owned(),
        other => evaluator.text_of(other).unwrap_or_else(|| "object".to_owned()),
    }
}

/// One module; each `name = value` pair must be what it binds.
fn check(source: &'static str, expected: &[(&str, &str)]) {
    check_all(&[("main.py", source)], expected);
}

fn check_all(sources: &[(&str, &'static str)], expected: &[(&str, &str)]) {
    let names = evaluate(sources);
    for (name, value) in expected {
        assert_eq!(names.get(*name).map(String::as_str), Some(*value), "{name} in {names:#?}");
    }
}

#[test]
fn lists_grow_in_every_way_settings_use() {
    check(
        "A = ['a']\nA += ['b']\nA.append('c')\nA.insert(0, 'z')\nA.extend(('d',))\nA.remove('b')\nB = A + ['e'] if True else A",
        &[("A", r#"["z", "a", "c", "d"]"#), ("B", r#"["z", "a", "c", "d", "e"]"#)],
    );
}

#[test]
fn text_is_built_by_every_operator() {
    check(
        "n = 3\na = f'x{n}y'\nb = 'x%sy' % n\nc = '{}-{k}'.format(n, k='v')\nd = '-'.join(['a', 'b'])\ne = '%(k)s' % {'k': 1}",
        &[("a", r#""x3y""#), ("b", r#""x3y""#), ("c", r#""3-v""#), ("d", r#""a-b""#), ("e", r#""1""#)],
    );
}

#[test]
fn an_unknown_condition_keeps_what_is_known() {
    check(
        "x = missing_name\nif x:\n    a = 1\nelse:\n    a = 2\n    b = 3\ndef f():\n    if x:\n        return 1\n    return 2\nc = f()\nd = 5 if x else 5",
        &[("a", "1"), ("b", "3"), ("c", "unknown"), ("d", "5")],
    );
}

#[test]
fn classes_follow_c3_and_super() {
    check(
        "class A:\n    def f(self):\n        return ['A']\nclass B(A):\n    def f(self):\n        return ['B'] + super().f()\nclass C(A):\n    def f(self):\n        return ['C'] + super().f()\nclass D(B, C):\n    def f(self):\n        return ['D'] + super().f()\nx = D().f()",
        &[("x", r#"["D", "B", "C", "A"]"#)],
    );
}

#[test]
fn keyword_arguments_reach_the_base() {
    check(
        "class A:\n    def __init__(self, *args, size=1, **kwargs):\n        self.size = size\n        self.rest = kwargs\nclass B(A):\n    def __init__(self, *args, **kwargs):\n        kwargs.setdefault('size', 9)\n        super().__init__(*args, **kwargs)\nb = B(colour='red')\nsize = b.size\nrest = b.rest",
        &[("size", "9"), ("rest", r#"{"colour": "red"}"#)],
    );
}

#[test]
fn metaclasses_and_type_make_classes() {
    check(
        "class Meta(type):\n    def __new__(mcs, name, bases, attrs):\n        attrs['added'] = name.lower()\n        return super().__new__(mcs, name, bases, attrs)\nclass A(metaclass=Meta):\n    pass\nclass B(A):\n    pass\nC = type('C', (B,), {'own': 1})\nx = [A.added, B.added, C.added, C.own]",
        &[("x", r#"["a", "b", "c", 1]"#)],
    );
}

#[test]
fn decorators_that_are_not_known_change_nothing() {
    check(
        "from nowhere import register\n@register\nclass A:\n    x = 1\n@register(name='b')\ndef f():\n    return 2\na = A.x\nb = f()",
        &[("a", "1"), ("b", "2")],
    );
}

#[test]
fn a_missing_module_of_the_project_is_an_import_error() {
    check_all(
        &[
            (
                "main.py",
                "try:\n    from shop.local import *\n    found = True\nexcept ImportError:\n    found = False\n",
            ),
            ("shop/__init__.py", ""),
        ],
        &[("found", "False")],
    );
}

#[test]
fn circular_imports_end() {
    check_all(
        &[
            ("main.py", "from a import x\nfrom b import y\n"),
            ("a.py", "import b\nx = 1\n"),
            ("b.py", "from a import x as seen\ny = 2\n"),
        ],
        &[("x", "1"), ("y", "2")],
    );
}

#[test]
fn star_imports_respect_all() {
    check_all(&[("main.py", "from base import *\n"), ("base.py", "__all__ = ['A']\nA = 1\nB = 2\n")], &[("A", "1")]);
    let names = evaluate(&[("main.py", "from base import *\n"), ("base.py", "__all__ = ['A']\nA = 1\nB = 2\n")]);
    assert!(!names.contains_key("B"));
}

#[test]
fn endless_code_ends() {
    check(
        "def f(n):\n    return f(n + 1)\na = f(0)\nwhile True:\n    pass\nb = [x for x in range(10)][-1]\nafter = 1",
        &[("b", "9"), ("after", "1")],
    );
}

#[test]
fn generators_and_comprehensions_give_their_items() {
    check(
        "def pairs():\n    for n in (1, 2):\n        yield n, n * n\na = list(pairs())\nb = {k: v for k, v in pairs()}\nc = [x for x in range(5) if x % 2]",
        &[("a", "[[1, 1], [2, 4]]"), ("b", "{1: 1, 2: 4}"), ("c", "[1, 3]")],
    );
}

#[test]
fn a_statement_that_raises_does_not_stop_the_module() {
    check(
        "d = {}\nx = d['missing']\ny = 1\ntry:\n    z = d['k']\nexcept KeyError:\n    z = 'caught'",
        &[("y", "1"), ("z", r#""caught""#)],
    );
}

#[test]
fn a_fallback_stands_for_packages_that_are_not_there() {
    let described =
        |name, is_package| DescribedModule { name, is_package, source: "", precedence: Precedence::Fallback };
    static DESCRIBED: std::sync::OnceLock<Vec<DescribedModule>> = std::sync::OnceLock::new();
    let all = DESCRIBED.get_or_init(|| {
        ["real", "real.models", "folder", "folder.models", "absent"]
            .map(|name| described(name, !name.contains('.')))
            .to_vec()
    });
    let paths = SearchPaths { site_packages: vec!["site".into()], described: all, ..SearchPaths::default() };
    let files = ["site/real/__init__.py", "site/real/fields.py", "site/folder/page.html"];
    let host = Memory(files.into_iter().map(|path| (path.into(), "")).collect());
    let find = |name: &str| paths.find(name, &ProjectFiles::default(), &host);
    assert!(matches!(find("real"), Found::File { origin: ModuleOrigin::Library, .. }));
    assert_eq!(find("real.models"), Found::Nothing, "a package that is there is whole");
    assert_eq!(find("folder"), Found::Described(2), "a folder without `__init__.py` gives way");
    assert_eq!(find("folder.models"), Found::Described(3));
    assert_eq!(find("absent"), Found::Described(4));
}

#[test]
fn a_panic_in_a_trial_leaves_nothing_behind() {
    let host = Memory([("main.py".into(), "numbers = [1]\n")].into());
    let mut files = Files::default();
    let mut project = ProjectFiles::default();
    let file = Arc::new(File::new("main.py".into(), "numbers = [1]\n".to_owned()));
    project.add(files.share(file.clone()), file, true);
    let trees = Trees::new();
    let paths = SearchPaths { project: vec![Utf8PathBuf::new()], ..SearchPaths::default() };
    let mut evaluator = Evaluator::new(&project, &trees, &host, files, paths);
    let module = evaluator.import("main").expect("module main is among the sources");
    evaluator.ensure(module);
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        evaluator.trial(1_000, |evaluator| -> () {
            evaluator.set_module_name(module, "numbers", Value::None);
            panic!("as a mistake would");
        });
    }));
    assert!(panic.is_err());
    let names = evaluator.module_names(module);
    let (_, numbers) = names.iter().find(|(name, _)| name == "numbers").expect("it is still bound");
    assert_eq!(show(&mut evaluator, &numbers.clone()), "[1]");
    assert!(!evaluator.heap.in_trial());
}
