//! `pgwright review` as a user runs it, without a server: plans are predicted, so the same on every machine.

#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests make folders and run the command")]

mod common;

use std::path::Path;
use std::process::{Command, Stdio};

use common::Project;
use serde_json::Value;

/// No server's programs are there.
const NOBODY: &[&str] = &["--postgres-bin", "no-such-folder"];

fn review(project: &Project, more: &[&str]) -> (i32, String, String) {
    project.run(&[&["review"], NOBODY, more].concat())
}

fn shop() -> Project {
    fn copy(project: &Project, folder: &Path, below: &Path) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                copy(project, &path, below);
            } else if let Ok(text) = std::fs::read_to_string(&path) {
                project.write(path.strip_prefix(below).unwrap().to_str().unwrap(), &text);
            }
        }
    }
    let project = Project::of(&[]);
    let shop = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/shop");
    copy(&project, &shop, &shop);
    project
}

/// `PGWRIGHT_GOLDEN=1` writes the reports anew; the difference is part of the review.
#[test]
fn the_reports_of_the_shop_are_those_in_the_documentation() {
    let shop = shop();
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    for (format, file) in [("markdown", "review-of-the-shop.md"), ("text", "review-of-the-shop.txt")] {
        let (_, out, err) = review(&shop, &["--django", "6.0", "--format", format]);
        assert!(!out.is_empty(), "{err}");
        let golden = docs.join(file);
        if std::env::var_os("PGWRIGHT_GOLDEN").is_some() {
            std::fs::create_dir_all(&docs).unwrap();
            std::fs::write(&golden, &out).unwrap();
        }
        assert_eq!(out, std::fs::read_to_string(&golden).unwrap(), "{file}");
    }
}

#[test]
fn the_json_is_as_described() {
    let (_, out, _) = review(&shop(), &["--format", "json"]);
    let schema: Value = serde_json::from_str(include_str!("../schemas/review.json")).unwrap();
    let document: Value = serde_json::from_str(&out).unwrap();
    let wrong: Vec<String> =
        jsonschema::validator_for(&schema).unwrap().iter_errors(&document).map(|error| error.to_string()).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    assert!(document["explain"]["planner"].is_null() && document["explain"]["reason"].is_string());
    let models = document["schema"].as_array().unwrap();
    let order = models.iter().find(|model| model["model"] == "orders.Order").unwrap();
    assert!(order["class"].as_str().unwrap().contains("models.Index(fields=[\"status\", \"placed_at\"])"), "{order}");
    assert!(order["changes"].as_array().unwrap().iter().any(|change| change["rule"] == "unindexed-filter"));
    let migrations = document["migrations"].as_array().unwrap();
    assert!(migrations.iter().any(|migration| migration["app"] == "orders" && migration["text"].is_string()));
}

#[test]
fn a_comment_stays_below_what_github_takes() {
    let models: String = (0..400)
        .map(|at| {
            format!("class Order{at}(models.Model):\n    a = models.FloatField()\n    total_price = models.FloatField()\n\n\n")
        })
        .collect();
    let project =
        Project::with_app("shop", &[("shop/models.py", &format!("from django.db import models\n\n\n{models}"))]);
    let (code, out, err) = review(&project, &["--format", "markdown"]);
    assert_eq!(code, 0, "{err}");
    assert!(out.starts_with("<!-- pgwright -->\n") && out.len() <= 65_000, "{}", out.len());
    assert!(out.contains("more that do not fit here"));
    assert_eq!(out.matches("<details>").count(), out.matches("</details>").count());
}

#[test]
fn a_plan_that_was_asked_for_is_not_replaced_by_a_guess() {
    let project = Project::with_app("shop", &[("shop/models.py", "")]);
    let (code, out, err) = review(&project, &["--plan"]);
    assert!(code == 2 && out.is_empty() && err.contains("no-such-folder"), "{out}{err}");
    let (code, out, err) = review(&project, &["--statistics", "settings.py"]);
    assert!(code == 2 && out.is_empty() && err.contains("settings.py"), "{out}{err}");
}

#[test]
fn statistics_that_do_not_fit_are_told_in_one_message() {
    let shop = shop();
    let refused = |text: &str| {
        shop.write("other.json", text);
        let (code, out, err) = review(&shop, &["--statistics", "other.json"]);
        assert!(code == 2 && out.is_empty() && err.contains("other.json") && err.contains("hint"), "{out}{err}");
        err
    };
    assert!(refused("{\"version\": 99}").contains("has version 99"));
    assert!(refused("{\"version\": 1, \"tables\": [{").contains("is no snapshot"));
    // That of another project can be read, and has none of the tables.
    let other = r#"{"version": 1, "server": {"version": "18.1", "collation": "en_US.UTF-8"},
        "tables": {"blog_post": {"rows": 1000, "pages": 10, "analyzed_pages": 10}}}"#;
    shop.write("other.json", other);
    let (_, out, err) = review(&shop, &["--statistics", "other.json", "--format", "json"]);
    let document: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}{err}"));
    let warning = document["warning"].as_str().unwrap();
    assert!(warning.contains("`accounts_apiclient`") && warning.contains(" more"), "{warning}");
}

/// A repository with the shop in it, as one commit.
fn repository() -> Option<Project> {
    let shop = shop();
    (git(&shop, &["init", "-q"]) && commit(&shop)).then_some(shop)
}

fn git(project: &Project, arguments: &[&str]) -> bool {
    let settings = ["-c", "user.name=n", "-c", "user.email=e@example.org", "-c", "commit.gpgsign=false"];
    let mut command = Command::new("git");
    let run = command.current_dir(project.path()).args(settings).args(arguments).stderr(Stdio::null()).output();
    run.is_ok_and(|output| output.status.success())
}

fn commit(project: &Project) -> bool {
    git(project, &["add", "."]) && git(project, &["commit", "-qm", "a step"])
}

fn edit(project: &Project, path: &str, from: &str, to: &str) {
    let text = project.read(path);
    assert!(text.contains(from), "{path} has no {from}");
    project.write(path, &text.replacen(from, to, 1));
}

fn since(project: &Project, revision: &str) -> Value {
    let (_, out, err) = review(project, &["--django", "6.0", "--since", revision, "--format", "json"]);
    let document: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}{err}"));
    let schema: Value = serde_json::from_str(include_str!("../schemas/review.json")).unwrap();
    let wrong: Vec<String> =
        jsonschema::validator_for(&schema).unwrap().iter_errors(&document).map(|error| error.to_string()).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    document
}

fn rules(findings: &Value) -> Vec<(&str, &str)> {
    let found = findings.as_array().unwrap().iter();
    found.map(|found| (found["rule"].as_str().unwrap(), found["file"].as_str().unwrap())).collect()
}

#[test]
fn only_what_a_change_brings_is_reviewed() {
    let Some(shop) = repository() else { return };
    // Lines that move bring nothing.
    for file in
        ["orders/views.py", "orders/models.py", "catalogue/models.py", "orders/migrations/0003_payment_pending.py"]
    {
        shop.write(file, &format!("# A line\n# and another.\n{}", shop.read(file)));
    }
    let document = since(&shop, "HEAD");
    for nothing in ["hard_stops", "code", "schema", "migrations", "tuning"] {
        assert_eq!(document[nothing], Value::Array(Vec::new()), "{nothing}");
    }
    assert_eq!(document["explain"]["statements"], 0);
    assert_eq!((&document["since"]["files"], &document["since"]["queries"]["new"]), (&4.into(), &0.into()));

    // A column, an index less, and a filter on the new column.
    edit(
        &shop,
        "orders/models.py",
        r#"related_name="payments")"#,
        r#"related_name="payments", db_index=False)
    note = models.CharField(max_length=100, default="")"#,
    );
    let migration = |depends: &str, operations: &str| {
        format!(
            "from django.db import migrations, models\n\n\nclass Migration(migrations.Migration):\n    dependencies = [(\"orders\", \"{depends}\")]\n    operations = [\n{operations}    ]\n"
        )
    };
    shop.write("orders/migrations/0004_payment_note.py", &migration("0003_payment_pending",
        "        migrations.AddField(\"payment\", \"note\", models.CharField(max_length=100, default=\"\")),\n        migrations.AlterField(\"payment\", \"order\", models.ForeignKey(\"orders.order\", on_delete=models.PROTECT, related_name=\"payments\", db_index=False)),\n"));
    // Not the last of its app: judged all the same.
    shop.write(
        "orders/migrations/0005_nothing.py",
        &migration("0004_payment_note", "        migrations.RunSQL(\"SELECT 1\", \"SELECT 1\"),\n"),
    );
    shop.write("orders/views.py", &(shop.read("orders/views.py") + "\n\ndef noted(request: HttpRequest) -> JsonResponse:\n    from orders.models import Payment\n\n    return JsonResponse({\"n\": [p.amount for p in Payment.objects.filter(note=request.GET[\"note\"])]})\n"));
    assert!(commit(&shop));
    let document = since(&shop, "HEAD~1");
    let since = &document["since"];
    let [table] = since["tables"].as_array().unwrap().as_slice() else { panic!("{since}") };
    assert_eq!(table["model"], "orders.Payment");
    let what: Vec<&str> = table["what"].as_array().unwrap().iter().map(|what| what.as_str().unwrap()).collect();
    assert!(
        what[0] == "column note added"
            && what[1].starts_with("index orders_payment_order_id")
            && what[1].ends_with(" dropped"),
        "{what:?}"
    );
    let brought = |at: usize| {
        let migration = &since["migrations"][at];
        (migration["name"].as_str().unwrap(), migration["kind"].as_str().unwrap())
    };
    assert_eq!(brought(0), ("0003_payment_pending", "altered"));
    assert_eq!([brought(1), brought(2)], [("0004_payment_note", "added"), ("0005_nothing", "added")]);
    let locks = since["migrations"][1]["locks"].as_array().unwrap();
    assert!(locks.iter().any(|held| held["table"] == "orders_payment" && held["lock"] == "AccessExclusiveLock"));
    assert!(
        rules(&document["code"])
            .contains(&("required-column-without-default", "orders/migrations/0004_payment_note.py"))
    );

    // The new statement alone is planned, although all others that read payments have a column more now.
    assert_eq!((&since["queries"]["new"], &document["explain"]["statements"]), (&1.into(), &1.into()));
    assert!(document["explain"]["models"][0]["queries"][0]["sql"].as_str().unwrap().contains(r#""note" = %s"#));
    let lost: Vec<&Value> = since["altered"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|altered| altered["now"]["cost"].as_f64() > altered["before"]["cost"].as_f64())
        .collect();
    assert!(
        lost.iter()
            .any(|altered| altered["sites"][0]["file"] == "orders/tasks.py" && altered["model"] == "orders.Payment"),
        "{lost:?}"
    );

    let models: Vec<&str> =
        document["schema"].as_array().unwrap().iter().map(|model| model["model"].as_str().unwrap()).collect();
    assert_eq!(models, ["orders.Payment"], "what was wrong with other models was wrong before");
    let (_, text, _) = review(&shop, &["--since", "HEAD~1"]);
    assert!(text.contains("== What has changed") && text.contains("new migration orders.0004_payment_note"), "{text}");
    let (_, markdown, _) = review(&shop, &["--since", "HEAD~1", "--format", "markdown"]);
    assert!(markdown.contains("### Plans that are others now"), "{markdown}");
    assert!(markdown.contains("- orders.Payment (orders_payment): column note added, index"), "{markdown}");
}

#[test]
fn what_is_gone_is_read_as_it_was() {
    let Some(shop) = repository() else { return };
    std::fs::remove_dir_all(shop.path().join("reviews")).unwrap();
    edit(&shop, "shop/settings.py", "    \"reviews\",\n", "");
    let document = since(&shop, "HEAD");
    let tables = document["since"]["tables"].as_array().unwrap();
    assert!(
        tables.iter().any(|table| table["kind"] == "removed"
            && table["model"].as_str().is_some_and(|model| model.starts_with("reviews."))),
        "{tables:?}"
    );
    assert!(tables.iter().all(|table| table["kind"] != "added"), "{tables:?}");
}

#[test]
fn a_file_that_was_moved_brings_nothing_but_what_changed_in_it() {
    let Some(shop) = repository() else { return };
    let was = since(&shop, "HEAD");
    assert_eq!(was["since"]["files"], 0);
    assert!(git(&shop, &["mv", "catalogue/views.py", "catalogue/pages.py"]));
    edit(&shop, "catalogue/urls.py", "from catalogue import views", "from catalogue import pages as views");
    let document = since(&shop, "HEAD");
    assert_eq!(document["since"]["files"].as_u64(), Some(2));
    assert_eq!(rules(&document["hard_stops"]), []);
    assert_eq!(rules(&document["code"]), []);

    // What is new in it is new.
    edit(&shop, "catalogue/pages.py", "barcode = %s\", [barcode])", "barcode = \" + barcode)");
    let document = since(&shop, "HEAD");
    assert_eq!(rules(&document["hard_stops"]), [("raw-sql-interpolation", "catalogue/pages.py")]);
}

#[test]
fn a_revision_that_cannot_be_compared_with_is_told_in_one_message() {
    let refused = |project: &Project, revision: &str| {
        let (code, out, err) = review(project, &["--since", revision]);
        assert!(code == 2 && out.is_empty(), "{out}{err}");
        err
    };
    let project = Project::with_app("shop", &[("shop/models.py", "")]);
    if !git(&project, &["--version"]) {
        return;
    }
    let err = refused(&project, "HEAD");
    assert!(err.contains("is in no git repository"), "{err}");
    assert!(git(&project, &["init", "-q"]));
    let err = refused(&project, "main~4");
    assert!(err.contains("git knows no revision `main~4`") && err.contains("--since origin/main"), "{err}");
    assert!(commit(&project));
    project.write("shop/models.py", "x = 1\n");
    assert!(commit(&project));
    let (code, _, err) = review(&project, &["--since=--output=x"]);
    assert!(code == 2 && err.contains("is no revision"), "{err}");
    assert!(git(&project, &["tag", "first"]));
    assert!(git(&project, &["checkout", "-q", "--orphan", "other"]) && commit(&project));
    let err = refused(&project, "first");
    assert!(err.contains("no commit in common"), "{err}");

    let clone = Project::of(&[]);
    let url = format!("file://{}", project.path().display());
    assert!(git(&clone, &["clone", "-q", "--depth", "1", &url, "here"]));
    let (code, _, err) = clone.run(&["review", "--postgres-bin", "no-such-folder", "--since", "HEAD~1", "here"]);
    assert!(code == 2 && err.contains("shallow") && err.contains("fetch-depth: 0"), "{err}");
}

/// What stands between all openings of a tag and its end.
fn inside<'a>(page: &'a str, open: &str, close: &str) -> Vec<&'a str> {
    page.split(open).skip(1).filter_map(|rest| rest.split_once(close).map(|(text, _)| text)).collect()
}

#[test]
fn the_page_needs_no_network_and_names_its_scripts() {
    let (_, page, err) = review(&shop(), &["--django", "6.0", "--format", "html"]);
    assert!(page.starts_with("<!doctype html>") && page.trim_end().ends_with("</html>"), "{err}");
    let without_viewer = page.split("<script type=\"text/plain\"").next().unwrap();
    for loads in ["src=", "http:", "https:", "@import", "url(", "<link", "<iframe", "style=", "onclick"] {
        assert!(!without_viewer.contains(loads), "{loads}");
    }
    let policy = inside(&page, "http-equiv=\"Content-Security-Policy\" content=\"", "\"")[0];
    assert!(policy.starts_with("default-src 'none'; script-src 'sha256-"), "{policy}");
    assert!(
        !policy.contains("unsafe-eval") && !policy.split(';').nth(1).unwrap().contains("unsafe-inline"),
        "{policy}"
    );
    // The two that run, the four of the viewer, the data of plans and of the diagram, and what the first writes: nothing else is a script.
    assert_eq!(page.matches("</script>").count(), 9);
    assert_eq!(inside(&page, "<script>", "</script>").len(), 2);
    for id in ["since", "stops", "explain", "schema", "tuning", "code", "tables", "rests"] {
        assert_eq!(page.contains(&format!("<section id=\"{id}\">")), id != "since", "{id}");
    }
    assert_eq!(page.matches("<details").count(), page.matches("</details>").count());
    assert!(page.contains("id=\"table-orders_order\"") && page.contains("href=\"#table-accounts_customer\""));
    let data: Value = serde_json::from_str(inside(&page, "id=\"plans\">", "</script>")[0]).unwrap();
    assert_eq!(data, Value::Array(Vec::new()), "predicted plans have no tree");
    let drawn: Value = serde_json::from_str(inside(&page, "id=\"diagram-data\">", "</script>")[0]).unwrap();
    let order = drawn.as_array().unwrap().iter().find(|table| table["model"] == "orders.Order").unwrap();
    let to: Vec<&Value> = order["columns"].as_array().unwrap().iter().map(|column| &column["to"]).collect();
    assert!(to.contains(&&"accounts_customer".into()), "{order}");
    // The dearest statement at a tenth of today's size, today, and at ten and a hundred times.
    let first = inside(&page, "<b class=\"line-1\">", "</tr>")[0];
    let costs = inside(first, "<td class=\"number\">", "</td>");
    let costs: Vec<f64> = costs.iter().map(|cost| cost.replace(',', "").parse().unwrap()).collect();
    assert!(costs.len() == 4 && costs.is_sorted() && costs[3] > costs[0] * 100.0, "{costs:?}");
    assert!(page.contains("predicted, no server was asked. Both axes"));
}

#[test]
fn a_hostile_project_writes_no_markup() {
    let evil = "\"><img src=x onerror=alert(1)></script><script>alert(1)</script>";
    let models = format!(
        "from django.db import models\n\n\nclass Order(models.Model):\n    total_price = models.FloatField(db_column='{evil}')\n    code = models.CharField(max_length=9)\n\n    class Meta:\n        db_table = '{evil}'\n\n\ndef find(x):\n    # {evil}\n    return list(Order.objects.filter(code='{evil}', total_price=x))\n"
    );
    let project = Project::with_app("shop", &[("shop/models.py", &models)]);
    let (_, page, err) = review(&project, &["--format", "html"]);
    assert!(page.contains("&#60;img src=x") || page.contains("&lt;img src=x"), "the name is shown: {err}");
    let lower = page.to_ascii_lowercase();
    assert!(!lower.contains("<img") && !lower.contains("<script>alert"));
    assert_eq!(page.matches("</script>").count(), 9);
}
