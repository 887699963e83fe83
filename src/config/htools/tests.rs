#![allow(clippy::unwrap_used, clippy::panic)]
use super::*;

fn parse(tool: Tool, line: &str) -> Ask {
    let words: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
    Htool::parse(tool, &words).ask
}

fn options(tool: Tool, line: &str) -> Options {
    match parse(tool, line) {
        Ask::Run(options) => *options,
        other => panic!("{line}: {other:?}"),
    }
}

#[test]
fn options_may_be_shortened_bundled_and_attached() {
    let given = options(
        Tool::Hbal,
        "-vvEl5 --min-s=0 --restr -C -pname,pcnt -t x --sel a,b",
    );
    assert_eq!((given.verbosity, given.max_length), (3, 5));
    assert!(given.evacuate && given.restricted_migration);
    assert_eq!(given.min_score, 0.0);
    assert_eq!(given.print_commands, Some(None));
    let fields = vec!["name".to_owned(), "pcnt".to_owned()];
    assert_eq!(given.print_nodes, Some((false, fields)));
    assert_eq!(given.text, Some("x".into()));
    assert_eq!(given.selected, ["a", "b"]);
    let given = options(Tool::Hbal, "-Cfile -p+idx --print-commands=other");
    assert_eq!(given.print_commands, Some(Some("other".into())));
    assert_eq!(given.print_nodes, Some((true, vec!["idx".to_owned()])));
}

#[test]
fn mistakes_are_answered_with_the_exit_status_of_the_real_tools() {
    for (line, word, status) in [
        ("--frob", "unrecognized option `--frob'", 2),
        ("-Z", "unrecognized option `-Z'", 2),
        ("--no", "ambiguous", 2),
        ("-t", "option `-t' requires an argument FILE", 2),
        ("--exec=x", "doesn't allow an argument", 2),
        ("-l x", "max solution length: cannot parse string 'x'", 1),
        ("--max-cpu=-1", "expected >0", 1),
        ("--priority=now", "Unknown priority 'now'", 1),
        ("-t x word", "doesn't take any arguments", 1),
    ] {
        let Ask::Refuse(text, exit) = parse(Tool::Hbal, line) else {
            panic!("{line} is taken");
        };
        assert!(text.contains(word), "{line}: {text}");
        assert_eq!(exit, status, "{line}");
    }
}

#[test]
fn what_is_not_supported_is_refused_by_name() {
    for (tool, line, name) in [
        (Tool::Hbal, "-L", "--luxi"),
        (Tool::Hbal, "-m cluster", "--master"),
        (Tool::Hcheck, "-I file", "--ialloc-src"),
        (Tool::Hinfo, "--mond-data=x", "--mond-data"),
        (Tool::Hinfo, "--mond", "monitoring daemons"),
    ] {
        let Ask::Refuse(text, _) = parse(tool, line) else {
            panic!("{line} is taken");
        };
        assert!(text.contains(name), "{line}: {text}");
    }
    assert_eq!(options(Tool::Hinfo, "--mond=no"), Options::default());
}

#[test]
fn a_tool_has_its_own_options_only() {
    assert!(matches!(
        parse(Tool::Hinfo, "--evac-mode"),
        Ask::Refuse(_, 2)
    ));
    assert!(options(Tool::Hcheck, "--machine-readable").machine_readable);
    assert!(!options(Tool::Hcheck, "--machine-readable=no").machine_readable);
}

#[test]
fn help_names_every_option() {
    let Ask::Say(text) = parse(Tool::Hbal, "-h") else {
        panic!("no help");
    };
    for spec in Spec::of(Tool::Hbal) {
        assert!(text.contains(&format!("--{}", spec.long)), "{}", spec.long);
    }
}
