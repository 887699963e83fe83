//! Whatever is in a file, loading it ends, and ends in words.

use proptest::prelude::*;

use super::{cluster, shape};
use crate::planner::htools::balance::{Balancer, Options, Scope};
use crate::planner::htools::check::check;
use crate::planner::htools::cluster::{Cluster, Setup};
use crate::planner::htools::print::instances::instances;
use crate::planner::htools::print::nodes::{FIELDS, nodes};
use crate::planner::htools::text;

/// One change of a text: what is put in place of how much from where on.
fn change() -> impl Strategy<Value = (prop::sample::Index, usize, String)> {
    let pieces = [
        "|",
        "\n",
        "\n\n",
        "?",
        "-",
        "NaN",
        "1e99",
        "-5",
        "0",
        "99999999999999999999",
        "Y",
        "drbd",
        "(",
        "é",
        ",",
        "\0",
    ];
    let piece = prop::sample::select(pieces.map(str::to_owned).to_vec());
    (any::<prop::sample::Index>(), 0..9_usize, piece)
}

fn changed(mut text: String, changes: &[(prop::sample::Index, usize, String)]) -> String {
    for (at, length, piece) in changes {
        let all: Vec<char> = text.chars().collect();
        let at = at.index(all.len().max(1));
        let before = all.iter().take(at);
        let after: String = all.iter().skip(at + length).collect();
        text = before.collect::<String>() + piece + &after;
    }
    text
}

proptest! {
    #[test]
    fn what_is_written_is_read_the_same(data in shape().prop_flat_map(cluster)) {
        prop_assert_eq!(text::read(&text::write(&data)), Ok(data));
    }

    #[test]
    fn a_spoilt_file_is_refused_or_has_an_answer(
        data in shape().prop_flat_map(cluster),
        changes in prop::collection::vec(change(), 1..5),
    ) {
        let Ok(data) = text::read(&changed(text::write(&data), &changes)) else {
            return Ok(());
        };
        let mut cluster = Cluster::new(data, &Setup::default()).unwrap();
        let all = Scope::all(&cluster);
        let fields = FIELDS.map(str::to_owned);
        prop_assert!(nodes(&cluster, &all.nodes, &fields).lines().count() > cluster.nodes.len());
        prop_assert!(instances(&cluster, &all.instances).lines().count() > cluster.instances.len());
        check(&cluster, true);
        for group in 0..cluster.data.groups.len() {
            let scope = Scope::group(&cluster, group);
            let options = Options { max_length: 2, ..Options::default() };
            prop_assert!(Balancer::new(&mut cluster, &scope, &options).count() <= 2);
        }
    }
}
