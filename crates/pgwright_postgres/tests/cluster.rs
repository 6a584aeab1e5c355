//! Clusters come up, are separate, and leave nothing behind.

#![cfg(unix)]
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests start servers and look at the machine")]

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use pgwright_postgres::cluster::usual_locales;
use pgwright_postgres::{Cluster, Installation, Search, installation};

/// The server to test with: that of the environment the tests were given, or any on this machine.
fn server() -> Installation {
    let search = Search { given: std::env::var_os("PGWRIGHT_POSTGRES_BIN").map(PathBuf::from), ..Search::default() };
    installation::find(&search).expect("a PostgreSQL server; `cargo xtask test` brings one")
}

fn has_gone(folder: &Path) -> bool {
    let begun = Instant::now();
    while folder.exists() && begun.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(10));
    }
    !folder.exists()
}

fn is_running(folder: &Path) -> bool {
    let name = folder.display().to_string();
    let processes = Command::new("ps").args(["-eo", "args"]).output().unwrap();
    String::from_utf8_lossy(&processes.stdout).lines().any(|line| line.contains(&name) && line.contains("postgres"))
}

#[test]
fn a_cluster_answers_and_leaves_nothing() {
    let cluster = Cluster::start(&server(), &usual_locales()).unwrap();
    let folder = cluster.folder().to_owned();
    let mut client = cluster.connect().unwrap();
    let row =
        client.query_one("SELECT current_setting('server_version_num')::int / 10000, current_setting('fsync')", &[]);
    let row = row.unwrap();
    assert_eq!((row.get::<_, i32>(0) as u32, row.get::<_, &str>(1)), (cluster.installation.version.major, "off"));
    assert!(is_running(&folder));
    drop(cluster);
    assert!(!folder.exists() && !is_running(&folder));
}

#[test]
fn several_run_at_once() {
    let clusters: Vec<Cluster> = std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..3).map(|_| scope.spawn(|| Cluster::start(&server(), &usual_locales()).unwrap())).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for (index, cluster) in clusters.iter().enumerate() {
        cluster.connect().unwrap().batch_execute(&format!("CREATE TABLE t{index} ()")).unwrap();
    }
    let mut first = clusters[0].connect().unwrap();
    assert!(first.batch_execute("SELECT * FROM t1").is_err());
}

#[test]
fn like_needs_an_index_of_its_own_as_in_production() {
    let cluster = Cluster::start(&server(), &usual_locales()).unwrap();
    let mut client = cluster.connect().unwrap();
    let row = client.query_one("SELECT datcollate FROM pg_database WHERE datname = current_database()", &[]).unwrap();
    assert!(!matches!(row.get::<_, &str>(0), "C" | "POSIX"));
}

/// Run by the tests below in a process of its own: prints its folder and waits to be ended.
#[test]
#[ignore = "a part of other tests"]
fn child() {
    let cluster = Cluster::start(&server(), &usual_locales()).unwrap();
    println!("\nfolder={}", cluster.folder().display());
    std::thread::sleep(Duration::from_secs(60));
}

#[test]
fn killing_or_interrupting_us_leaves_nothing() {
    for signal in ["KILL", "INT", "TERM"] {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "child", "--nocapture"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let folder = lines.find_map(|line| line.strip_prefix("folder=").map(PathBuf::from)).unwrap();
        assert!(is_running(&folder));
        assert!(
            Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status().unwrap().success()
        );
        child.wait().unwrap();
        assert!(has_gone(&folder), "{signal}");
        assert!(!is_running(&folder), "{signal}");
    }
}

#[test]
fn a_server_that_cannot_start_says_why() {
    let folder = tempfile::tempdir().unwrap();
    for program in ["postgres", "initdb"] {
        let path = folder.path().join(program);
        std::fs::write(&path, "#!/bin/sh\n[ \"$1\" = --version ] && { echo 'postgres (PostgreSQL) 17.2'; exit; }\necho 'initdb: error: no' >&2; exit 1\n").unwrap();
        Command::new("chmod").arg("755").arg(&path).status().unwrap();
    }
    Command::new("chmod").arg("755").arg(folder.path()).status().unwrap();
    let fake = installation::find(&Search { given: Some(folder.path().to_owned()), ..Search::default() }).unwrap();
    let error = Cluster::start(&fake, &usual_locales()).unwrap_err();
    assert!(error.message.contains("`initdb` of PostgreSQL 17.2 failed: initdb: error: no"), "{error}");
}
