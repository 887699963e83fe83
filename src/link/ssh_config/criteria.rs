//! The criteria of a `Match` line.

use super::pattern::any_fits;

/// What `Match` lines are judged by.
pub(super) struct Subject<'a> {
    /// The host as the operator typed it.
    pub original: &'a str,
    /// HostName as far as it is known by now.
    pub host: &'a str,
    /// The user as far as it is known by now.
    pub user: &'a str,
    /// The user who runs gantry.
    pub local_user: &'a str,
    /// `Tag`, if one was set.
    pub tag: &'a str,
    /// The second reading of the files, which `Match final` asks for.
    pub last_pass: bool,
}

/// What came of judging a `Match` line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Applies,
    DoesNot,
    /// It depends on the second reading of the files.
    OnLastPass,
    /// gantry cannot tell: why.
    Unknown(String),
}

/// Judges the criteria from left to right, as ssh does: the first that does not hold ends it.
pub(super) fn judge(words: &[String], subject: &Subject<'_>) -> Verdict {
    let mut words = words.iter().map(String::as_str);
    let mut unknown = None;
    while let Some(word) = words.next() {
        let (negated, name) = match word.strip_prefix('!') {
            Some(name) => (true, name),
            None => (false, word),
        };
        // `host=a` and `host a` are the same.
        let (name, joined) = match name.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (name, None),
        };
        let name = name.to_ascii_lowercase();
        let holds = match name.as_str() {
            "all" => true,
            // Only with CanonicalizeHostname, which gantry leaves alone.
            "canonical" => false,
            "final" if !subject.last_pass && !negated => return Verdict::OnLastPass,
            "final" => subject.last_pass,
            _ => {
                let Some(value) = joined.or_else(|| words.next()) else {
                    return Verdict::Unknown(format!("{name} lacks its value"));
                };
                let within = |whom: &str| any_fits(value.split(','), whom);
                match name.as_str() {
                    "host" => within(subject.host),
                    "originalhost" => within(subject.original),
                    "user" => within(subject.user),
                    "localuser" => within(subject.local_user),
                    "tagged" => within(subject.tag),
                    other => {
                        // A later criterion may still rule the block out.
                        unknown.get_or_insert_with(|| other.to_owned());
                        continue;
                    }
                }
            }
        };
        if holds == negated {
            return Verdict::DoesNot;
        }
    }
    match unknown {
        Some(name) => Verdict::Unknown(format!("gantry cannot judge \"{name}\"")),
        None => Verdict::Applies,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(criteria: &str) -> Verdict {
        let subject = Subject {
            original: "prod",
            host: "master.example.com",
            user: "root",
            local_user: "ann",
            tag: "work",
            last_pass: false,
        };
        let words: Vec<String> = criteria.split(' ').map(str::to_owned).collect();
        judge(&words, &subject)
    }

    #[test]
    fn criteria_are_judged_together() {
        use Verdict::{Applies, DoesNot, OnLastPass};
        assert_eq!(verdict("all"), Applies);
        assert_eq!(verdict("host *.example.com user root"), Applies);
        assert_eq!(verdict("host=*.example.com,!master.* user root"), DoesNot);
        assert_eq!(
            verdict("originalhost prod localuser ann tagged work"),
            Applies
        );
        assert_eq!(verdict("!originalhost prod"), DoesNot);
        assert_eq!(verdict("!user bob"), Applies);
        assert_eq!(verdict("canonical"), DoesNot);
        assert_eq!(verdict("final host *"), OnLastPass);
        assert_eq!(verdict("!final"), Applies);
    }

    #[test]
    fn what_cannot_be_judged_is_said_unless_another_criterion_rules_it_out() {
        assert!(matches!(verdict("exec true"), Verdict::Unknown(why) if why.contains("exec")));
        assert!(matches!(
            verdict("host *.example.com exec true"),
            Verdict::Unknown(_)
        ));
        assert_eq!(verdict("exec true user bob"), Verdict::DoesNot);
        assert!(matches!(verdict("host"), Verdict::Unknown(why) if why.contains("value")));
    }
}
