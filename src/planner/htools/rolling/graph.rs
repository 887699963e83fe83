//! Which nodes must not be rebooted together, and colourings of that graph.

use std::collections::{BTreeSet, HashSet};

use crate::planner::htools::cluster::Cluster;

/// Edges between nodes. Vertices are all indices from the first considered node to the last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Graph {
    /// The first vertex.
    pub first: usize,
    /// Neighbours of each vertex, the last edge first; as often as there are edges.
    pub neighbours: Vec<Vec<usize>>,
}

impl Graph {
    /// The graph of these nodes, nothing if there are none. Unless all instances are down meanwhile, instances that
    /// share a secondary must not lose their primaries together.
    pub fn new(cluster: &Cluster, considered: &BTreeSet<usize>, down: bool) -> Option<Graph> {
        let (first, last) = (*considered.first()?, *considered.last()?);
        let mut graph = Graph {
            first,
            neighbours: vec![Vec::new(); last - first + 1],
        };
        let mut edges: Vec<(usize, usize)> = Vec::new();
        for instance in cluster.instances.iter().filter(|it| it.has_secondary) {
            if let Some(secondary) = instance.secondary {
                edges.push((instance.primary, secondary));
                edges.push((secondary, instance.primary));
            }
        }
        if !down {
            let mut seen: HashSet<(usize, usize)> = edges.iter().copied().collect();
            for secondaries in &cluster.secondaries {
                let primaries = || {
                    let all = secondaries
                        .iter()
                        .filter_map(|it| cluster.instances.get(*it));
                    all.map(|it| it.primary)
                };
                // Each node once: equal pairs are left out anyhow.
                let mut distinct: Vec<usize> = Vec::new();
                for primary in primaries() {
                    if !distinct.contains(&primary) {
                        distinct.push(primary);
                    }
                }
                for one in &distinct {
                    let pairs = distinct.iter().map(|other| (*one, *other));
                    edges.extend(pairs.filter(|pair| seen.insert(*pair)));
                }
            }
        }
        for (from, to) in edges {
            if considered.contains(&from) && considered.contains(&to) {
                graph.neighbours[from - first].insert(0, to);
            }
        }
        Some(graph)
    }

    /// Its vertices.
    pub fn vertices(&self) -> impl DoubleEndedIterator<Item = usize> {
        self.first..self.first + self.neighbours.len()
    }

    fn of(&self, vertex: usize) -> &[usize] {
        let at = vertex.checked_sub(self.first);
        let list = at.and_then(|at| self.neighbours.get(at));
        list.map(Vec::as_slice).unwrap_or_default()
    }
}

impl std::fmt::Display for Graph {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let rows = self.vertices().zip(&self.neighbours);
        let rows: Vec<String> = rows
            .map(|(vertex, list)| {
                let list: Vec<String> = list.iter().map(ToString::to_string).collect();
                format!("({vertex},[{}])", list.join(","))
            })
            .collect();
        let last = self.first + self.neighbours.len().saturating_sub(1);
        write!(f, "array ({},{last}) [{}]", self.first, rows.join(","))
    }
}

/// A way to choose the next vertex to be coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// By degree, the greatest first.
    Degree,
    /// By the number of distinct colours beside it.
    Saturation,
    /// By the number of coloured neighbours.
    Neighbours,
}

impl Order {
    /// All, in the order in which equally good ones are preferred.
    pub const ALL: [Order; 3] = [Order::Degree, Order::Saturation, Order::Neighbours];

    /// hroller's name of it.
    pub fn name(self) -> &'static str {
        match self {
            Order::Degree => "LF",
            Order::Saturation => "Dsatur",
            Order::Neighbours => "Dcolor",
        }
    }

    /// Classes of vertices without an edge between any two of one class. Each vertex gets the first colour that no
    /// neighbour has; of equally urgent vertices the last comes first.
    pub fn colour(self, graph: &Graph) -> Vec<Vec<usize>> {
        let mut colours: Vec<Option<usize>> = vec![None; graph.neighbours.len()];
        let mut left: Vec<usize> = graph.vertices().collect();
        while let Some(at) = self.next(graph, &colours, &left) {
            let vertex = left.remove(at);
            let beside: BTreeSet<usize> = beside(graph, &colours, vertex).collect();
            let free = (0..).find(|colour| !beside.contains(colour));
            if let Some(slot) = colours.get_mut(vertex - graph.first) {
                *slot = free;
            }
        }
        let count = colours.iter().flatten().max().map_or(0, |most| most + 1);
        let mut classes = vec![Vec::new(); count];
        for (vertex, colour) in graph.vertices().zip(colours) {
            if let Some(class) = colour.and_then(|colour| classes.get_mut(colour)) {
                class.push(vertex);
            }
        }
        classes
    }

    fn next(self, graph: &Graph, colours: &[Option<usize>], left: &[usize]) -> Option<usize> {
        let urgency = |vertex: usize| {
            let beside = || beside(graph, colours, vertex);
            let first = match self {
                Order::Degree => 0,
                Order::Saturation => beside().collect::<BTreeSet<usize>>().len(),
                Order::Neighbours => beside().count(),
            };
            (first, graph.of(vertex).len())
        };
        (0..left.len()).max_by_key(|at| left.get(*at).map(|vertex| urgency(*vertex)))
    }
}

/// Colours of a vertex's neighbours.
fn beside<'a>(
    graph: &'a Graph,
    colours: &'a [Option<usize>],
    vertex: usize,
) -> impl Iterator<Item = usize> + 'a {
    let neighbours = graph.of(vertex).iter();
    neighbours.filter_map(|it| colours.get(it.checked_sub(graph.first)?).copied().flatten())
}
