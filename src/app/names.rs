//! Names short where that is unique: without the domain that the nodes have in common.

use std::collections::HashMap;

use crate::model::Cluster;

/// How names are shortened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// `.example.com`; empty if nothing is cut off.
    domain: String,
}

impl Names {
    /// Finds the domain that most nodes are in; none if a name would become another's.
    pub fn of(cluster: &Cluster) -> Names {
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for name in cluster.nodes.keys() {
            if let Some(dot) = name.find('.') {
                *counts.entry(&name[dot..]).or_default() += 1;
            }
        }
        let most = counts
            .into_iter()
            .max_by_key(|(domain, count)| (*count, *domain));
        let Some((domain, _)) = most else {
            return Names::default();
        };
        let names = || cluster.nodes.keys().chain(cluster.instances.keys());
        let clash = names().any(|name| {
            name.strip_suffix(domain).is_some_and(|short| {
                short.is_empty()
                    || cluster.nodes.contains_key(short)
                    || cluster.instances.contains_key(short)
            })
        });
        if clash {
            return Names::default();
        }
        Names {
            domain: domain.to_owned(),
        }
    }

    /// The name as it is shown.
    pub fn short<'a>(&self, name: &'a str) -> &'a str {
        match name.strip_suffix(self.domain.as_str()) {
            Some(short) if !short.is_empty() => short,
            _ => name,
        }
    }

    /// A sentence with the names in it as they are shown.
    pub fn shorten(&self, text: &str) -> String {
        if self.domain.is_empty() {
            return text.to_owned();
        }
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find(&self.domain) {
            let (before, after) = (&rest[..at], &rest[at + self.domain.len()..]);
            out.push_str(before);
            let in_name = |c: char| c.is_alphanumeric() || c == '-' || c == '.';
            let follows_name = before.ends_with(|c: char| c.is_alphanumeric());
            let ends = !after.starts_with(in_name)
                || after.starts_with('.') && !after[1..].starts_with(in_name);
            if !(follows_name && ends) {
                out.push_str(&self.domain);
            }
            rest = after;
        }
        out + rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Reach;

    fn names(nodes: &[&str]) -> Names {
        let mut cluster = Cluster::new("x");
        nodes
            .iter()
            .for_each(|name| cluster.linked(name, Reach::Idle));
        Names::of(&cluster)
    }

    #[test]
    fn the_common_domain_is_cut_off_where_that_is_unique() {
        let short = names(&[
            "node1.example.com",
            "node2.example.com",
            "other.example.org",
        ]);
        assert_eq!(short.short("node1.example.com"), "node1");
        assert_eq!(short.short("other.example.org"), "other.example.org");
        assert_eq!(names(&["a.x", "b.x", "a"]).short("a.x"), "a.x");
        assert_eq!(Names::default().short("a.x"), "a.x");
    }

    #[test]
    fn sentences_are_shortened_too() {
        let short = names(&["node1.example.com", "node2.example.com"]);
        for (text, shown) in [
            ("node1.example.com: clock off", "node1: clock off"),
            ("on node2.example.com.", "on node2."),
            (
                "node1.example.com.au is not ours",
                "node1.example.com.au is not ours",
            ),
            ("the domain .example.com", "the domain .example.com"),
        ] {
            assert_eq!(short.shorten(text), shown);
        }
    }
}
