//! A second run takes the queries of the first where nothing it asked has changed, and says the same.

#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests make folders and run the command")]

mod common;

use std::path::PathBuf;

use common::Project;

const MODELS: &str =
    "from django.db import models\n\n\nclass Order(models.Model):\n    number = models.CharField(max_length=20)\n";
const VIEWS: &str = "from django.shortcuts import render\n\nfrom shop.models import Order\n\n\ndef orders(request):\n    \
                     return render(request, \"orders.html\", {\"orders\": list(Order.objects.filter(number=\"1\"))})\n";
const URLS: &str = "from django.urls import path\n\nfrom shop import views\n\nurlpatterns = [path('', views.orders)]\n";

struct Kept {
    project: Project,
    cache: tempfile::TempDir,
}

impl Kept {
    fn new() -> Kept {
        let project =
            Project::with_app("shop", &[("shop/models.py", MODELS), ("shop/views.py", VIEWS), ("shop/urls.py", URLS)]);
        let cache = tempfile::tempdir().unwrap();
        // For root pgwright takes a folder only if other users can read it.
        #[cfg(unix)]
        std::fs::set_permissions(cache.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        Kept { project, cache }
    }

    fn queries(&self, more: &[&str]) -> String {
        let arguments = [&["inspect", "queries", "--format", "json"], more].concat();
        let output = self.project.command(&arguments).env("XDG_CACHE_HOME", self.cache.path()).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        String::from_utf8(output.stdout).unwrap()
    }

    fn files(&self) -> Vec<PathBuf> {
        let folder = self.cache.path().join("pgwright/workloads");
        folder.read_dir().into_iter().flatten().map(|entry| entry.unwrap().path()).collect()
    }

    /// The only file, with the queries in it made to ask for another column.
    fn plant(&self) {
        let [file] = &self.files()[..] else { panic!("one file is kept") };
        let text = std::fs::read_to_string(file).unwrap();
        assert!(text.contains("number"), "{text}");
        std::fs::write(file, text.replace(r#"\"shop_order\".\"number\""#, r#"\"shop_order\".\"planted\""#)).unwrap();
    }
}

#[test]
fn what_has_not_changed_is_not_executed_again() {
    let kept = Kept::new();
    let first = kept.queries(&[]);
    assert!(first.contains(r#"\"shop_order\".\"number\" = %s"#), "{first}");
    assert_eq!(kept.queries(&[]), first);
    kept.plant();
    assert!(kept.queries(&[]).contains("planted"), "the second run takes what the first has left");
    assert_eq!(kept.queries(&["--no-cache"]), first);
}

#[test]
fn what_has_changed_is_executed_again() {
    let changes: [(&str, String); 4] = [
        ("shop/views.py", VIEWS.replace("number=", "number__gt=")),
        ("shop/more.py", "NUMBER = 1\n".to_owned()),
        // Asked for before, and not there.
        ("shop/templates/orders.html", "{% for order in orders %}{{ order.number }}{% endfor %}\n".to_owned()),
        ("settings.py", "INSTALLED_APPS = ['shop']\nUSE_TZ = False\n".to_owned()),
    ];
    for (path, text) in changes {
        let kept = Kept::new();
        kept.queries(&[]);
        kept.plant();
        kept.project.write(path, &text);
        assert!(!kept.queries(&[]).contains("planted"), "{path}");
        assert_eq!(kept.files().len(), 1, "one file per project");
    }
}

#[test]
fn a_broken_file_counts_for_nothing() {
    let kept = Kept::new();
    let first = kept.queries(&[]);
    for broken in ["", "{", "[]", "\0"] {
        std::fs::write(&kept.files()[0], broken).unwrap();
        assert_eq!(kept.queries(&[]), first);
    }
    kept.plant();
    assert!(kept.queries(&[]).contains("planted"), "and is replaced");
}

#[test]
fn without_room_for_it_nothing_is_kept() {
    let kept = Kept::new();
    std::fs::write(kept.cache.path().join("pgwright"), "a file where the folder would be").unwrap();
    assert_eq!(kept.queries(&[]), kept.queries(&["--no-cache"]));
}

#[test]
fn other_users_cannot_read_it() {
    let kept = Kept::new();
    kept.queries(&[]);
    #[cfg(unix)]
    for path in [kept.files()[0].clone(), kept.cache.path().join("pgwright/workloads")] {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o077, 0, "{}", path.display());
    }
}
