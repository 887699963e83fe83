//! Patterns as ssh_config(5) and sshd(8) have them: `*`, `?`, and `!` for "not".

/// Whether `name` fits `pattern`; `*` stands for any characters, `?` for one.
pub(crate) fn fits(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), name.chars().collect());
    let (mut p, mut n) = (0, 0);
    // Where the last `*` stood and how much of the name it has swallowed: on a mismatch it takes
    // one character more. This is quadratic at worst, never exponential.
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(&c) if c == '?' || c == name[n] => {
                p += 1;
                n += 1;
            }
            _ => match star {
                Some((at, swallowed)) => {
                    star = Some((at, swallowed + 1));
                    p = at + 1;
                    n = swallowed + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|&c| c == '*')
}

/// Whether `name` fits one of the patterns and none of those that begin with `!`.
pub(crate) fn any_fits<'a>(patterns: impl IntoIterator<Item = &'a str>, name: &str) -> bool {
    let mut found = false;
    for pattern in patterns {
        match pattern.strip_prefix('!') {
            Some(not) if fits(not, name) => return false,
            Some(_) => {}
            None => found |= fits(pattern, name),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn stars_and_question_marks() {
        assert!(
            fits("*", "")
                && fits("", "")
                && fits("a*", "a")
                && fits("*.example.com", "n1.example.com")
        );
        assert!(fits("node?", "node1") && fits("*a*b*", "xxaxxbxx") && fits("**", "x"));
        assert!(
            !fits("node?", "node") && !fits("node?", "node10") && !fits("a", "") && !fits("", "a")
        );
    }

    #[test]
    fn a_no_outweighs_every_yes_and_is_not_a_yes_itself() {
        assert!(any_fits(["*.example.com", "!bad.*"], "n1.example.com"));
        assert!(!any_fits(["*.example.com", "!bad.*"], "bad.example.com"));
        assert!(!any_fits(["!bad"], "good"));
    }

    proptest! {
        #[test]
        fn a_name_fits_itself_and_a_star_in_place_of_any_part(name in "[a-z.]{0,20}", cut in 0usize..20) {
            prop_assert!(fits(&name, &name));
            let cut = cut.min(name.len());
            let with_star = format!("{}*", &name[..cut]);
            prop_assert!(fits(&with_star, &name));
        }
    }
}
