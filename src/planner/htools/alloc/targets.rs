//! Nodes that a new instance may go to.

use crate::planner::htools::cluster::Cluster;

/// Nodes, or pairs of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Targets {
    /// For an instance with one node.
    Single(Vec<usize>),
    /// For one with two: each primary with its possible secondaries.
    Pairs(Vec<(usize, Vec<usize>)>),
}

impl Targets {
    /// Made of these nodes, as many at a time; both nodes of a pair are in the same group.
    ///
    /// # Errors
    /// In the htools' words, if there are not enough.
    pub fn new(cluster: &Cluster, nodes: &[usize], wanted: i64) -> Result<Targets, String> {
        match wanted {
            1 if nodes.is_empty() => Err("No online nodes".to_owned()),
            1 => Ok(Targets::Single(nodes.to_vec())),
            2 => {
                let group = |at: usize| cluster.nodes.get(at).map(|it| it.group);
                let pair = |primary: &usize| {
                    let others = nodes.iter().copied();
                    let others = others.filter(|at| at != primary && group(*at) == group(*primary));
                    (*primary, others.collect::<Vec<usize>>())
                };
                let pairs = nodes.iter().map(pair);
                let pairs: Vec<_> = pairs.filter(|(_, others)| !others.is_empty()).collect();
                if pairs.is_empty() {
                    return Err("Not enough online nodes".to_owned());
                }
                Ok(Targets::Pairs(pairs))
            }
            _ => Err("Unsupported number of nodes, only one or two  supported".to_owned()),
        }
    }

    /// As hspace shows them.
    pub fn shown(&self) -> String {
        let list = |nodes: &[usize]| {
            let nodes: Vec<String> = nodes.iter().map(ToString::to_string).collect();
            format!("[{}]", nodes.join(","))
        };
        match self {
            Targets::Single(nodes) => format!("Left {}", list(nodes)),
            Targets::Pairs(pairs) => {
                let pair = |(primary, others): &(usize, Vec<usize>)| {
                    format!("({primary},{})", list(others))
                };
                let pairs: Vec<String> = pairs.iter().map(pair).collect();
                format!("Right [{}]", pairs.join(","))
            }
        }
    }
}
