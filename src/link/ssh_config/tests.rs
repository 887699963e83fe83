#![allow(clippy::unwrap_used)]

use std::fs;

use tempfile::TempDir;

use super::*;

/// A home directory with these files below `.ssh`.
struct Home(TempDir);

impl Home {
    fn new(files: &[(&str, &str)]) -> Home {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = dir.path().join(".ssh").join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Home(dir)
    }

    fn config(&self, options: SshOptions) -> SshConfig {
        let local = Local {
            home: self.0.path().to_owned(),
            user: "ann".to_owned(),
            uid: 1000,
            host: "desk.example.com".to_owned(),
            agent: Some(PathBuf::from("/run/agent")),
        };
        SshConfig {
            system_file: self.0.path().join(".ssh/system"),
            ..SshConfig::new(options, local)
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(".ssh").join(name)
    }
}

fn option(keyword: &str, value: &str) -> (String, String) {
    (keyword.to_owned(), value.to_owned())
}

fn ask(files: &[(&str, &str)], options: SshOptions, to: &str) -> (HostConfig, Vec<Notice>) {
    let home = Home::new(files);
    home.config(options)
        .destination(&Destination::parse(to).unwrap())
        .unwrap()
}

fn of(text: &str, to: &str) -> HostConfig {
    let (config, notices) = ask(&[("config", text)], SshOptions::default(), to);
    assert_eq!(notices, []);
    config
}

#[test]
fn without_any_file_the_defaults_of_ssh_hold() {
    let config = of("", "host");
    assert_eq!((config.user.as_str(), config.port), ("ann", 22));
    assert_eq!(config.host_name, "host");
    assert_eq!(config.identity_files.len(), 5);
    assert!(!config.identities_named);
    assert_eq!(config.identity_agent, Some(PathBuf::from("/run/agent")));
    assert!(config.user_known_hosts[0].ends_with(".ssh/known_hosts"));
    assert_eq!(
        config.global_known_hosts,
        [PathBuf::from("/etc/ssh/ssh_known_hosts")]
    );
    assert_eq!(config.strict, Strict::Ask);
}

#[test]
fn the_first_value_wins_and_identity_files_add_up() {
    let config = of(
        "User first\nHost prod\n User second\n HostName %h.example.com\n IdentityFile ~/a\nHost *\n HostName no\n \
         Port 2222\n IdentityFile %d/%u-%n\n IdentityFile ~/a\n",
        "prod",
    );
    assert_eq!((config.user.as_str(), config.port), ("first", 2222));
    assert_eq!(config.host_name, "prod.example.com");
    let names: Vec<_> = config
        .identity_files
        .iter()
        .map(|f| f.file_name().unwrap())
        .collect();
    assert_eq!(names, ["a", "ann-prod"]);
    assert!(config.identities_named);
}

#[test]
fn a_negated_pattern_keeps_a_host_out() {
    let text = "Host *.example.com !bad.example.com\n User root\n";
    assert_eq!(of(text, "n1.example.com").user, "root");
    assert_eq!(of(text, "N1.Example.COM").user, "root");
    assert_eq!(of(text, "bad.example.com").user, "ann");
}

#[test]
fn the_command_line_outweighs_the_files() {
    let options = SshOptions {
        identities: vec![PathBuf::from("/k")],
        jump: Some("bastion".to_owned()),
        port: Some(2200),
        options: vec![
            option("StrictHostKeyChecking", "yes"),
            option("ConnectTimeout", "3"),
        ],
        ..SshOptions::default()
    };
    let text = "Host *\n User x\n Port 1\n ProxyJump other\n StrictHostKeyChecking no\n ConnectTimeout 9\n";
    let (config, notices) = ask(&[("config", text)], options, "root@host");
    assert_eq!(notices, []);
    assert_eq!((config.user.as_str(), config.port), ("root", 2200));
    assert_eq!(config.jumps[0].host, "bastion");
    assert_eq!(config.strict, Strict::Yes);
    assert_eq!(config.connect_timeout, Duration::from_secs(3));
    assert_eq!(config.identity_files, [PathBuf::from("/k")]);
}

#[test]
fn a_mistyped_option_of_the_command_line_is_told() {
    let options = SshOptions {
        options: vec![option("StrictHostKeyCheking", "yes")],
        ..SshOptions::default()
    };
    // In a file it may be one that ssh honours and gantry does not.
    let files = [("config", "Host *\n VisualHostKey yes\n")];
    let (_, notices) = ask(&files, options, "host");
    let notices: Vec<String> = notices.iter().map(ToString::to_string).collect();
    assert_eq!(
        notices,
        ["-o stricthostkeycheking: gantry does not honour this option"]
    );
}

#[test]
fn includes_are_read_in_their_place_and_end_with_their_file() {
    let files = [
        (
            "config",
            "Include conf.d/*.conf\nUser last\nHost prod\n Include for-prod\n",
        ),
        ("conf.d/10.conf", "Host prod\n Port 10\n"),
        ("conf.d/20.conf", "Host *\n Port 20\n"),
        ("conf.d/.hidden.conf", "Port 30\n"),
        ("conf.d/30.txt", "Port 40\n"),
        ("for-prod", "HostKeyAlias prod-key\n"),
        ("system", "Host *\n User system\n ServerAliveInterval 7\n"),
    ];
    let (config, notices) = ask(&files, SshOptions::default(), "prod");
    assert_eq!(notices, []);
    assert_eq!((config.user.as_str(), config.port), ("last", 10));
    assert_eq!(config.host_key_alias.as_deref(), Some("prod-key"));
    assert_eq!(config.alive_interval, Some(Duration::from_secs(7)));
    let (other, _) = ask(&files, SshOptions::default(), "other");
    assert_eq!((other.port, other.host_key_alias), (20, None));
}

#[test]
fn a_file_that_includes_itself_is_reported() {
    let (_, notices) = ask(
        &[("config", "Include config\nUser x\n")],
        SshOptions::default(),
        "h",
    );
    assert_eq!(notices.len(), 1);
    assert!(
        notices[0]
            .to_string()
            .contains("config:1: Include within Include")
    );
}

#[test]
fn match_blocks_are_judged_or_reported() {
    let text = "Match host *.example.com user root\n Port 1\nMatch final host *.example.com\n Port 2\n\
                Match exec \"test -e /x\"\n Port 3\n";
    let (config, notices) = ask(
        &[("config", text)],
        SshOptions::default(),
        "root@n1.example.com",
    );
    assert_eq!(config.port, 1);
    assert_eq!(notices.len(), 1);
    assert!(
        notices[0]
            .to_string()
            .contains("config:5: Match block left out: gantry cannot judge \"exec\"")
    );
    let (config, _) = ask(&[("config", text)], SshOptions::default(), "n1.example.com");
    assert_eq!(config.port, 2);
}

#[test]
fn lines_that_cannot_be_read_are_reported_and_the_rest_holds() {
    let text = "Port many\nUser \"x\nStrictHostKeyChecking perhaps\nIdentitiesOnly maybe\nConnectTimeout soon\n\
                ProxyJump a,,b\nIdentityFile ~/%Q\nUnheardOf x\nKnownHostsCommand x\nPort 5\n";
    let (config, notices) = ask(&[("config", text)], SshOptions::default(), "host");
    assert_eq!(config.port, 5);
    assert_eq!(notices.len(), 8, "{notices:#?}");
    let (_, notices) = ask(
        &[],
        SshOptions {
            config: Some(PathBuf::from("/no/such/file")),
            options: vec![option("Port", "")],
            ..SshOptions::default()
        },
        "host",
    );
    assert_eq!(notices.len(), 2, "{notices:#?}");
}

#[test]
fn jumps_and_commands_exclude_each_other_in_the_order_of_the_file() {
    assert!(
        of("ProxyJump none\nProxyCommand nc %h %p\n", "h")
            .proxy_command
            .is_none()
    );
    let config = of("ProxyCommand nc %h %p %%\nProxyJump a\n", "h");
    assert_eq!(config.proxy_command.as_deref(), Some("nc h 22 %"));
    assert!(config.jumps.is_empty());
    let config = of("ProxyJump root@a:2222,ssh://b\n", "h");
    assert_eq!(config.jumps.len(), 2);
    assert_eq!(config.jumps[0].port, Some(2222));
}

#[test]
fn a_node_is_reached_as_its_cluster_is_where_the_files_do_not_name_it() {
    let home = Home::new(&[(
        "config",
        "Host prod\n HostName prod.example.com\n User root\n Port 2222\n ProxyJump bastion\n HostKeyAlias x\n\
         Host node2*\n User ops\n",
    )]);
    let config = home.config(SshOptions::default());
    let to = Destination::parse("prod").unwrap();
    let (node1, _) = config
        .node(&Destination::parse("node1.example.com").unwrap(), &to)
        .unwrap();
    assert_eq!((node1.user.as_str(), node1.port), ("root", 22));
    assert_eq!(node1.host_name, "node1.example.com");
    assert_eq!(node1.jumps[0].host, "bastion");
    assert_eq!(node1.host_key_alias, None);
    let (node2, _) = config
        .node(&Destination::parse("node2.example.com:1022").unwrap(), &to)
        .unwrap();
    assert_eq!((node2.user.as_str(), node2.port), ("ops", 1022));
}

#[test]
fn what_the_command_line_says_of_the_destination_does_not_hold_for_nodes() {
    let home = Home::new(&[]);
    let options = SshOptions {
        port: Some(2222),
        user: Some("root".to_owned()),
        options: vec![
            option("HostName", "192.0.2.1"),
            option("HostKeyAlias", "x"),
            option("ConnectTimeout", "3"),
        ],
        ..SshOptions::default()
    };
    let config = home.config(options);
    let to = Destination::parse("prod").unwrap();
    let (node, _) = config
        .node(&Destination::parse("node1").unwrap(), &to)
        .unwrap();
    assert_eq!(
        (node.host_name.as_str(), node.port, node.user.as_str()),
        ("node1", 22, "root")
    );
    assert_eq!(node.host_key_alias, None);
    assert_eq!(node.connect_timeout, Duration::from_secs(3));
}

#[test]
fn a_name_that_a_peer_chose_is_only_ever_a_name() {
    let home = Home::new(&[("config", "ProxyCommand nc %h %p\n")]);
    let config = home.config(SshOptions::default());
    let to = Destination::parse("prod").unwrap();
    let named = |host: &str| {
        let node = Destination {
            host: host.to_owned(),
            ..Destination::default()
        };
        config.node(&node, &to).map(|(config, _)| config)
    };
    let command = named("node1.example.com").unwrap().proxy_command;
    assert_eq!(command.as_deref(), Some("nc node1.example.com 22"));
    assert!(named("2001:db8::1").is_ok());
    for host in [
        "",
        "-oX",
        "../../x",
        "x;reboot",
        "$(reboot)",
        "`reboot`",
        "x y",
        "x\ny",
        "node1,github.com",
        "*",
        "@cert-authority",
    ] {
        assert!(named(host).is_err(), "{host:?}");
    }
}

#[test]
fn an_explicit_file_replaces_both() {
    let home = Home::new(&[
        ("config", "User a\n"),
        ("system", "User b\n"),
        ("mine", "Port 9\n"),
    ]);
    let mut options = SshOptions {
        config: Some(home.path("mine")),
        ..SshOptions::default()
    };
    let to = Destination::parse("h").unwrap();
    let (config, _) = home.config(options.clone()).destination(&to).unwrap();
    assert_eq!((config.user.as_str(), config.port), ("ann", 9));
    options.config = Some(PathBuf::from("none"));
    let (config, _) = home.config(options).destination(&to).unwrap();
    assert_eq!((config.user.as_str(), config.port), ("ann", 22));
}
