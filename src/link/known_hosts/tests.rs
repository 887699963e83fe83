#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use russh::keys::PrivateKey;
use russh::keys::ssh_key::certificate::Builder;

use super::*;

fn key() -> PrivateKey {
    PrivateKey::random(&mut russh::keys::key::safe_rng(), Algorithm::Ed25519).unwrap()
}

fn line(hosts: &str, key: &PrivateKey) -> String {
    format!("{hosts} {}\n", key.public_key().to_openssh().unwrap())
}

fn read(text: &str) -> KnownHosts {
    let mut known = KnownHosts::default();
    assert_eq!(
        known.add(text, Path::new("known_hosts")),
        Vec::<String>::new()
    );
    known
}

fn place(line: usize) -> Place {
    Place {
        file: PathBuf::from("known_hosts"),
        line,
    }
}

#[test]
fn a_key_is_known_unknown_changed_or_revoked() {
    let (good, other, bad) = (key(), key(), key());
    let text = [
        "# old\n\n".to_owned(),
        line("node1,192.0.2.1", &good),
        line("@revoked *", &bad),
    ]
    .concat();
    let known = read(&text);
    let node1 = Names::of("NODE1", 22);
    assert_eq!(known.check(&node1, good.public_key()), Known::Yes);
    assert_eq!(
        known.check(&Names::of("192.0.2.1", 22), good.public_key()),
        Known::Yes
    );
    assert_eq!(
        known.check(&node1, other.public_key()),
        Known::Changed(place(3))
    );
    assert_eq!(
        known.check(&node1, bad.public_key()),
        Known::Revoked(place(4))
    );
    assert_eq!(
        known.check(&Names::of("node2", 22), good.public_key()),
        Known::No(vec![])
    );
    assert_eq!(
        known.check(&Names::of("node1", 2222), good.public_key()),
        Known::No(vec![])
    );
    assert_eq!(known.algorithms(&node1), [Algorithm::Ed25519]);
}

#[test]
fn the_first_name_that_knows_a_key_decides() {
    let (of_node, of_cluster) = (key(), key());
    let known = read(&[line("node1", &of_node), line("cluster", &of_cluster)].concat());
    let names = Names::of("node1", 22).or(Names::alias("cluster"));
    assert_eq!(
        known.check(&names, of_cluster.public_key()),
        Known::Changed(place(1))
    );
    let names = Names::of("node2", 22).or(Names::alias("cluster"));
    assert_eq!(known.check(&names, of_cluster.public_key()), Known::Yes);
}

#[test]
fn ports_patterns_and_negations() {
    let key = key();
    let known = read(&line("*.example.com,!bad.example.com,[jump]:2222", &key));
    assert_eq!(
        known.check(&Names::of("n1.example.com", 22), key.public_key()),
        Known::Yes
    );
    assert_eq!(
        known.check(&Names::of("bad.example.com", 22), key.public_key()),
        Known::No(vec![])
    );
    assert_eq!(
        known.check(&Names::of("jump", 2222), key.public_key()),
        Known::Yes
    );
}

#[test]
fn a_hashed_name_that_ssh_keygen_wrote_is_recognised() {
    // What `ssh-keygen -H` made of a line that began with 192.168.1.61.
    let text = "|1|3dfk9t761X0f4pdLqzxzbe1//EY=|UkDTQnzoV7zx6/DlCTk2k+ePX3w= ssh-ed25519 \
                AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ";
    let known = read(text);
    let hashed = Names::of("192.168.1.61", 22);
    let key = russh::keys::parse_public_key_base64(
        "AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ",
    )
    .unwrap();
    assert_eq!(known.check(&hashed, &key), Known::Yes);
    assert_eq!(
        known.check(&Names::of("192.168.1.62", 22), &key),
        Known::No(vec![])
    );
}

#[test]
fn lines_that_make_no_sense_are_said_and_bind_nothing() {
    let good = line("node1", &key());
    let blob = good.split(' ').nth(2).unwrap().trim();
    let text = format!(
        "node1\nnode1 ssh-ed25519\nnode1 ssh-ed25519 !!!\n@what node1 ssh-ed25519 {blob}\n|1|x|y ssh-ed25519 {blob}\n\
         node1 ssh-rsa {blob}\n@revoked\n{good}"
    );
    let mut known = KnownHosts::default();
    let complaints = known.add(&text, Path::new("f"));
    assert_eq!(complaints.len(), 7, "{complaints:#?}");
    assert!(complaints[0].starts_with("f:1: "));
    assert_eq!(known.entries.len(), 1);
}

#[test]
fn what_is_appended_is_known_afterwards_even_to_a_file_without_a_last_newline() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("new/known_hosts");
    let (one, two) = (key(), key());
    append(&file, &Names::of("node1", 22), one.public_key(), false).unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.trim_end()).unwrap();
    append(&file, &Names::of("node2", 2222), two.public_key(), true).unwrap();
    let (known, complaints) = KnownHosts::load(std::slice::from_ref(&file));
    assert_eq!(complaints, Vec::<String>::new());
    assert_eq!(
        known.check(&Names::of("node1", 22), one.public_key()),
        Known::Yes
    );
    assert_eq!(
        known.check(&Names::of("node2", 2222), two.public_key()),
        Known::Yes
    );
    assert!(!std::fs::read_to_string(&file).unwrap().contains("node2"));
}

#[test]
fn a_file_that_cannot_be_read_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let (_, complaints) = KnownHosts::load(&[dir.path().to_owned(), dir.path().join("none")]);
    assert_eq!(complaints.len(), 1);
}

#[test]
fn a_certificate_holds_for_its_host_in_its_time_from_a_trusted_authority() {
    let (authority, stranger, host) = (key(), key(), key());
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let sign = |by: &PrivateKey, kind, until, name: &str| {
        let mut rng = russh::keys::key::safe_rng();
        let mut it =
            Builder::new_with_random_nonce(&mut rng, host.public_key(), now - 100, until).unwrap();
        it.cert_type(kind).unwrap().valid_principal(name).unwrap();
        it.sign(by).unwrap()
    };
    let text = [
        line("@cert-authority *.example.com", &authority),
        line("@revoked *", &stranger),
    ]
    .concat();
    let known = read(&text);
    let names = Names::of("n1.example.com", 22);
    let check =
        |certificate: &Certificate| known.check_certificate(&names, "n1.example.com", certificate);
    assert!(known.has_authority(&names) && !known.has_authority(&Names::of("n1", 22)));
    assert_eq!(
        check(&sign(
            &authority,
            CertType::Host,
            now + 100,
            "n1.example.com"
        )),
        Ok(())
    );
    assert_eq!(
        check(&sign(
            &authority,
            CertType::Host,
            now + 100,
            "*.example.com"
        )),
        Ok(())
    );
    assert!(
        check(&sign(
            &authority,
            CertType::Host,
            now - 50,
            "n1.example.com"
        ))
        .is_err()
    );
    assert!(
        check(&sign(
            &authority,
            CertType::Host,
            now + 100,
            "n2.example.com"
        ))
        .unwrap_err()
        .contains("n2")
    );
    assert!(
        check(&sign(
            &authority,
            CertType::User,
            now + 100,
            "n1.example.com"
        ))
        .is_err()
    );
    assert!(
        check(&sign(
            &stranger,
            CertType::Host,
            now + 100,
            "n1.example.com"
        ))
        .unwrap_err()
        .contains("revoked")
    );
    assert!(check(&sign(&key(), CertType::Host, now + 100, "n1.example.com")).is_err());
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in any::<String>()) {
        KnownHosts::default().add(&text, Path::new("f"));
    }
}
