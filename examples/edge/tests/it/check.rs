use std::fs;
use std::process::Output;

use crate::edge::{write, Edge};
use crate::pair::{listen, Pair};

fn test_flag(edge: &Edge) -> Output {
    edge.command().arg("-t").output().unwrap()
}

fn refused(edge: &Edge) -> String {
    let output = test_flag(edge);
    assert_eq!(output.status.code(), Some(78));
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn a_good_file_passes_in_silence_and_without_listening() {
    let edge = Edge::new("");
    let _running = edge.start();
    let output = test_flag(&edge);
    assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0));
}

#[test]
fn a_bad_file_is_named_with_every_problem() {
    let edge = Edge::new("  rate: { per_second: 0 }\n  drain: { file: relative }");
    let stderr = refused(&edge);
    assert_eq!(stderr.lines().count(), 2);
    assert!(stderr.lines().all(|line| line.starts_with("edge: ") && line.contains("edge.yaml: app.")), "{stderr}");
    edge.configure("  listne: {}");
    assert!(refused(&edge).contains("unknown field `listne`"));
}

#[test]
fn a_missing_file_and_a_missing_flag_are_errors() {
    let edge = Edge::new("");
    fs::remove_file(edge.config()).unwrap();
    assert!(refused(&edge).contains("No such file"));
    let bare = std::process::Command::new(env!("CARGO_BIN_EXE_edge")).output().unwrap();
    assert_eq!(bare.status.code(), Some(2));
}

#[test]
fn a_bad_release_from_the_environment_is_an_error() {
    let edge = Edge::new("");
    let output = edge.command().arg("-t").env("PDEPLOY_RELEASE", "two words").output().unwrap();
    assert_eq!(output.status.code(), Some(78));
}

#[test]
fn certificates_are_read_and_compared() {
    let edge = Edge::new("");
    let (one, two) = (Pair::create(&edge.dir, "one"), Pair::create(&edge.dir, "two"));
    let expired = Pair::until(&edge.dir, "expired", 2021);
    let empty = write(&edge.dir, "empty", "");
    let absent = edge.dir.join("absent");
    let file = |cert, key| fs::write(edge.config(), listen(edge.http, edge.http + 1, cert, key)).unwrap();

    file(&one.cert, &one.key);
    assert_eq!(test_flag(&edge).status.code(), Some(0));
    let cases = [
        (&one.cert, &two.key, "KeyMismatch"),
        (&expired.cert, &expired.key, "valid only from"),
        (&empty, &one.key, "no certificate in it"),
        (&one.cert, &absent, "app.listen.https.key"),
        (&absent, &one.key, "app.listen.https.cert"),
    ];
    for (cert, key, expected) in cases {
        file(cert, key);
        let stderr = refused(&edge);
        assert!(stderr.contains(expected), "{expected} is not in: {stderr}");
    }
}
