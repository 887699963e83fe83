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
        (Tool::Hbal, "-L/run/socket", "no socket"),
        (Tool::Hbal, "-X node1", "--exec"),
        (Tool::Harep, "node1", "--dry-run"),
        (Tool::Hcheck, "-t x -L", "-t and -L"),
        (Tool::Hbal, "-m cluster", "--master"),
        (Tool::Hcheck, "-I file", "--ialloc-src"),
        (Tool::Hinfo, "--mond", "`--mond' of hinfo"),
        (Tool::Hail, "--mond file", "`--mond' of hail"),
        (Tool::Hail, "--mond-xen file", "`--mond-xen' of hail"),
        (Tool::Hbal, "-t x --json -S y", "`--save'"),
        (
            Tool::Hcheck,
            "-t x --json --machine-readable",
            "`--machine-readable'",
        ),
    ] {
        let Ask::Refuse(text, _) = parse(tool, line) else {
            panic!("{line} is taken");
        };
        assert!(text.contains(name), "{line}: {text}");
    }
    assert_eq!(options(Tool::Hinfo, "--mond=no"), Options::default());
}

/// What Ganeti 3.0's tools list under `--help`, without that.
const REAL: [(Tool, &str); 9] = [
    (
        Tool::Hail,
        "print-nodes text-data ignore-soft-errors no-capacity-checks restrict-allocation-to simulate save ignore-dynu \
         mond mond-xen verbose static-kvm-node-memory version help",
    ),
    (Tool::Harep, "luxi job-delay reason dry-run version help"),
    (
        Tool::Hbal,
        "print-nodes print-instances print-commands text-data evac-mode restricted-migration master luxi ialloc-src \
         exec first-job-group reason group max-length verbose quiet offline static-kvm-node-memory min-score max-cpu \
         min-disk min-gain min-gain-limit no-disk-moves select-instances no-instance-moves ignore-soft-errors \
         dynu-file ignore-dynu mond mond-data exit-on-missing-mond-data mond-xen exclusion-tags exclude-instances \
         save priority version help",
    ),
    (
        Tool::Hcheck,
        "text-data no-disk-moves dynu-file ignore-dynu evac-mode exclude-instances exclusion-tags ialloc-src \
         no-instance-moves luxi machine-readable max-cpu max-length min-disk min-gain min-gain-limit min-score \
         ignore-soft-errors no-simulation offline quiet master select-instances no-capacity-checks verbose version help",
    ),
    (
        Tool::Hinfo,
        "print-nodes print-instances text-data master luxi ialloc-src verbose quiet offline ignore-dynu mond mond-data \
         static-kvm-node-memory version help",
    ),
    (
        Tool::Hroller,
        "luxi master text-data ialloc-src offline offline-maintenance verbose quiet no-headers node-tags save group \
         print-moves full-evacuation skip-non-redundant ignore-non-redundant force one-step-only \
         static-kvm-node-memory version help",
    ),
    (
        Tool::Hscan,
        "print-nodes output-dir luxi verbose no-headers static-kvm-node-memory version help",
    ),
    (
        Tool::Hspace,
        "print-nodes text-data disk-template spindle-use simulate master luxi ialloc-src verbose quiet \
         independent-groups accept-existing-errors offline no-capacity-checks machine-readable max-cpu max-length \
         min-disk standard-alloc tiered-alloc save static-kvm-node-memory version help",
    ),
    (
        Tool::Hsqueeze,
        "luxi text-data exec minimal-resources target-resources save print-commands verbose no-headers \
         static-kvm-node-memory version help",
    ),
];

#[test]
fn every_option_of_the_real_tools_is_known_and_others_are_gantrys_own() {
    let own = ["json", "n1-rule", "cost-aware", "stop-at", "resync-speed"];
    for (tool, names) in REAL {
        let specs = Spec::of(tool);
        let known: Vec<&str> = specs.iter().map(|it| it.long).collect();
        for name in names.split_whitespace() {
            assert!(known.contains(&name), "{tool:?} lacks --{name}");
        }
        for name in &known {
            let real = names.split_whitespace().any(|it| it == *name);
            assert!(real || own.contains(name), "{tool:?} has --{name}");
        }
    }
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

#[test]
fn a_live_cluster_is_named_or_this_nodes_own() {
    assert_eq!(options(Tool::Hbal, "-L -C").target, Some(Target::Local));
    let given = options(Tool::Hroller, "--no-headers root@node1 -v");
    let node1 = Destination::parse("root@node1").unwrap();
    assert_eq!(given.target, Some(Target::Ssh(node1)));
    assert_eq!((given.headers, given.verbosity), (false, 2));
    for line in ["node1 node2", "-L node1", "-t x node1", "-L -- node1"] {
        assert!(
            matches!(parse(Tool::Hcheck, line), Ask::Refuse(_, 1)),
            "{line}"
        );
    }
}
