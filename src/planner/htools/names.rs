//! Names as given on a command line, and their common end.

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// One thing.
    One(usize),
    /// Nothing.
    None,
    /// More than one thing begins like it.
    Many,
}

/// Finds a name: exactly, or as the first part of a domain name. The last of equal ones counts.
pub fn find(known: &[&str], name: &str) -> Lookup {
    if let Some(at) = known.iter().rposition(|it| *it == name) {
        return Lookup::One(at);
    }
    let starts = |it: &str| {
        it.strip_prefix(name)
            .is_some_and(|rest| rest.starts_with('.'))
    };
    let mut found = (0..known.len()).filter(|at| known.get(*at).is_some_and(|it| starts(it)));
    match (found.next(), found.next()) {
        (Some(at), None) => Lookup::One(at),
        (None, _) => Lookup::None,
        (Some(_), Some(_)) => Lookup::Many,
    }
}

/// Finds instances.
///
/// # Errors
/// Those that are not there.
pub fn instances(known: &[&str], names: &[String]) -> Result<Vec<usize>, String> {
    let mut found = Vec::new();
    let mut wrong: Vec<&str> = Vec::new();
    for name in names {
        match find(known, name) {
            Lookup::One(at) => found.push(at),
            Lookup::None | Lookup::Many => wrong.push(name),
        }
    }
    if wrong.is_empty() {
        Ok(found)
    } else {
        Err(format!(
            "Unknown instance(s): {}",
            super::text::shown(&wrong)
        ))
    }
}

/// The longest end of the first name that starts with a dot and is every other name's end too.
pub fn common_suffix<'a>(mut names: impl Iterator<Item = &'a str>) -> String {
    let Some(first) = names.next() else {
        return String::new();
    };
    let dots = first.match_indices('.').map(|(at, _)| &first[at..]);
    let mut ends: Vec<&str> = dots.collect();
    for name in names {
        ends.retain(|end| name.ends_with(end));
    }
    ends.first().copied().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exact_name_wins_over_the_beginning_of_another() {
        let known = ["a.x", "a", "b.x", "b.y"];
        assert_eq!(find(&known, "a"), Lookup::One(1));
        assert_eq!(find(&known, "a.x"), Lookup::One(0));
        assert_eq!(find(&known, "b"), Lookup::Many);
        assert_eq!(find(&known, "c"), Lookup::None);
    }

    #[test]
    fn the_common_end_starts_with_a_dot() {
        let end = |names: &[&str]| common_suffix(names.iter().copied());
        assert_eq!(end(&["n1.a.b", "n2.a.b", "vm.c.b"]), ".b");
        assert_eq!(end(&["n1.a.b", "n2.a.b"]), ".a.b");
        assert_eq!(end(&["n1x", "n2x"]), "");
        assert_eq!(end(&[]), "");
    }
}
