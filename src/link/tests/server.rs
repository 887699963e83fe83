//! A server that asks: passwords, one-time codes, both after a key; what OpenSSH's would need PAM
//! for.

use std::sync::{Arc, Mutex};

use russh::server::{Auth, Handler, Response};
use russh::{MethodKind, MethodSet};
use tokio::net::TcpListener;

use super::human::{Human, text};
use super::sshd::new_key;
use crate::config::{Deploy, Destination, LinkOptions, SshOptions, Target};
use crate::link::ask::{Answer, AskKind};
use crate::link::connector::{Connector, Dial};
use crate::link::ssh_config::Local;
use crate::link::why::Why;

/// What the server wants.
#[derive(Clone, Default)]
struct Wants {
    password: bool,
    code: bool,
    /// Passwords that were offered.
    offered: Arc<Mutex<Vec<String>>>,
}

impl Wants {
    fn methods(&self) -> MethodSet {
        let mut methods = MethodSet::empty();
        if self.code {
            methods.push(MethodKind::KeyboardInteractive);
        }
        if self.password {
            methods.push(MethodKind::Password);
        }
        methods
    }

    fn reject(&self) -> Auth {
        Auth::Reject {
            proceed_with_methods: Some(self.methods()),
            partial_success: false,
        }
    }
}

impl Handler for Wants {
    type Error = russh::Error;

    async fn auth_none(&mut self, _: &str) -> Result<Auth, russh::Error> {
        Ok(self.reject())
    }

    async fn auth_password(&mut self, _: &str, password: &str) -> Result<Auth, russh::Error> {
        self.offered.lock().unwrap().push(password.to_owned());
        if password != "right" {
            return Ok(self.reject());
        }
        self.password = false;
        Ok(if self.code {
            Auth::Reject {
                proceed_with_methods: Some(self.methods()),
                partial_success: true,
            }
        } else {
            Auth::Accept
        })
    }

    async fn auth_keyboard_interactive<'a>(
        &'a mut self,
        _: &str,
        _: &str,
        response: Option<Response<'a>>,
    ) -> Result<Auth, russh::Error> {
        let Some(mut response) = response else {
            return Ok(Auth::Partial {
                name: "Bastion".into(),
                instructions: "Your token shows six digits.".into(),
                prompts: vec![("Code: ".into(), true)].into(),
            });
        };
        let right = response.next().is_some_and(|code| &code[..] == b"123456");
        Ok(if right { Auth::Accept } else { self.reject() })
    }
}

async fn serve(wants: Wants) -> u16 {
    let config = Arc::new(russh::server::Config {
        keys: vec![new_key()],
        auth_rejection_time: std::time::Duration::ZERO,
        auth_rejection_time_initial: Some(std::time::Duration::ZERO),
        ..russh::server::Config::default()
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let running = russh::server::run_stream(config.clone(), stream, wants.clone());
            tokio::spawn(async move {
                if let Ok(session) = running.await {
                    let _ = session.await;
                }
            });
        }
    });
    port
}

fn connector(human: &Human) -> (Connector, tempfile::TempDir) {
    let home = tempfile::tempdir().unwrap();
    let local = Local {
        home: home.path().to_owned(),
        user: "ann".to_owned(),
        ..Local::default()
    };
    let options = LinkOptions {
        target: Target::Local,
        ssh: SshOptions {
            config: Some("none".into()),
            options: vec![("StrictHostKeyChecking".to_owned(), "accept-new".to_owned())],
            ..SshOptions::default()
        },
        deploy: Deploy::No,
        agent_command: None,
        sample_ms: 1000,
    };
    (
        Connector::with_local(&options, human.asker.clone(), local),
        home,
    )
}

fn dial(port: u16, typed: bool) -> Dial {
    Dial {
        destination: Destination {
            user: None,
            host: "127.0.0.1".to_owned(),
            port: Some(port),
        },
        typed,
        ..Dial::default()
    }
}

#[tokio::test]
async fn a_password_is_asked_for_last_and_kept_for_that_host_alone() {
    let wants = Wants {
        password: true,
        ..Wants::default()
    };
    let (port, other) = (serve(wants.clone()).await, serve(wants.clone()).await);
    let human = Human::new(|kind| match kind {
        AskKind::Password { again: false, .. } => text("wrong"),
        _ => text("right"),
    });
    let (connector, _home) = connector(&human);
    for _ in 0..2 {
        connector.connect(&dial(port, true), |_| ()).await.unwrap();
    }
    assert_eq!(human.asked().len(), 2);
    assert_eq!(
        wants.offered.lock().unwrap().as_slice(),
        ["wrong", "right", "right"]
    );
    connector.connect(&dial(other, true), |_| ()).await.unwrap();
    assert_eq!(human.asked().len(), 4);
}

#[tokio::test]
async fn no_password_goes_to_a_host_that_nobody_named() {
    let wants = Wants {
        password: true,
        code: true,
        ..Wants::default()
    };
    let port = serve(wants.clone()).await;
    let human = Human::new(|_| text("right"));
    let (connector, _home) = connector(&human);
    let why = connector
        .connect(&dial(port, false), |_| ())
        .await
        .err()
        .unwrap();
    assert!(matches!(why, Why::AuthRefused { .. }), "{why}");
    assert!(
        why.to_string().contains("only to hosts that were named"),
        "{why}"
    );
    assert_eq!(human.asked(), []);
    assert!(wants.offered.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_one_time_code_is_asked_for_with_the_hosts_own_words() {
    let wants = Wants {
        code: true,
        ..Wants::default()
    };
    let port = serve(wants).await;
    let human = Human::new(|_| text("123456"));
    let (connector, _home) = connector(&human);
    let host = connector.connect(&dial(port, true), |_| ()).await.unwrap();
    assert_eq!(host.proof.by, "keyboard-interactive");
    let asked = human.asked();
    let [
        AskKind::Interactive {
            name,
            instructions,
            prompts,
        },
    ] = &asked[..]
    else {
        panic!("{asked:?}")
    };
    assert_eq!(
        (name.as_str(), instructions.as_str()),
        ("Bastion", "Your token shows six digits.")
    );
    assert_eq!(prompts.as_slice(), [("Code: ".to_owned(), true)]);
}

#[tokio::test]
async fn a_code_that_nobody_gives_ends_the_attempt() {
    let wants = Wants {
        code: true,
        ..Wants::default()
    };
    let port = serve(wants).await;
    let human = Human::new(|_| Answer::No);
    let (connector, _home) = connector(&human);
    let why = connector
        .connect(&dial(port, true), |_| ())
        .await
        .err()
        .unwrap();
    assert!(why.to_string().contains("not answered"), "{why}");
    assert_eq!(human.asked().len(), 1);
}
