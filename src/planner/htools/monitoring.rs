//! What Ganeti's monitoring daemons report of processors (`--mond-data FILE`), as the loads of nodes and instances.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;

use super::cluster::Cluster;
use super::text::shown;

/// No processor is busier than this.
const LARGEST: f64 = (1_u64 << 40) as f64;

/// Whose reports of processors count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Collector {
    /// That of each node as a whole, shared out among its instances by their virtual processors.
    Average,
    /// Xen's, of each instance.
    Xen,
}

impl Collector {
    fn name(self) -> &'static str {
        match self {
            Collector::Average => "cpu-avg-load",
            Collector::Xen => "xen-cpu-avg-load",
        }
    }
}

/// What the daemon of one node answered.
#[derive(Clone, Debug, Deserialize)]
struct Answer {
    node: String,
    reports: Vec<Report>,
}

#[derive(Clone, Debug, Deserialize)]
struct Report {
    name: String,
    data: Value,
}

/// The answers of all daemons.
#[derive(Clone, Debug)]
pub struct Answers(Vec<Answer>);

/// Reads a whole file.
///
/// # Errors
/// Which field is missing or wrong, with line and column.
pub fn read(text: &str) -> Result<Answers, String> {
    serde_json::from_str(text)
        .map(Answers)
        .map_err(|why| why.to_string())
}

impl Answers {
    /// What a collector reported of a node; of several answers the last counts, and of its reports the first.
    fn of(&self, node: &str, collector: Collector) -> Option<&Value> {
        let answer = self.0.iter().rfind(|it| it.node == node)?;
        let report = answer.reports.iter().find(|it| it.name == collector.name());
        report.map(|it| &it.data)
    }
}

/// The load of a whole node; a report of another form counts as none.
fn total(data: &Value) -> Option<f64> {
    data.get("cpu_number")?.as_i64()?;
    let parts = data.get("cpus")?.as_array()?;
    parts.iter().all(Value::is_number).then_some(())?;
    number(data.get("cpu_total")?)
}

fn number(value: &Value) -> Option<f64> {
    value.as_f64().filter(|load| load.abs() <= LARGEST)
}

impl Cluster {
    /// Takes the processors' loads from the reports.
    ///
    /// # Errors
    /// What is missing, in the real tools' words; the loads are as before then.
    pub fn monitored(&mut self, answers: &Answers, collector: Collector) -> Result<(), String> {
        let names = self.data.nodes.iter().map(|it| it.name.as_str());
        let reports: Option<Vec<&Value>> = names.map(|it| answers.of(it, collector)).collect();
        let missing = || {
            let name = collector.name();
            format!("Didn't receive an answer by all MonDs, {name}'s data will be ignored.")
        };
        let reports = reports.ok_or_else(missing)?;
        match collector {
            Collector::Average => {
                let totals: Option<Vec<f64>> = reports.into_iter().map(total).collect();
                self.shared_out(&totals.ok_or_else(missing)?);
                Ok(())
            }
            Collector::Xen => {
                let mut loads: HashMap<&str, f64> = HashMap::new();
                for report in reports {
                    let report = report.as_object().ok_or_else(missing)?;
                    for (instance, load) in report {
                        let load = number(load).ok_or_else(missing)?;
                        loads.entry(instance).or_insert(load);
                    }
                }
                self.told(&loads)
            }
        }
    }

    /// Each node has its load, and each instance its share of that of its primary node.
    fn shared_out(&mut self, totals: &[f64]) {
        let vcpus: Vec<i64> = self.figures.iter().map(|it| it.vcpus).collect();
        for instance in &mut self.instances {
            let at = instance.primary;
            if let (Some(total), Some(all)) = (totals.get(at), vcpus.get(at)) {
                // A node that nothing uses has no instance to share with.
                let each = if *all == 0 { 0.0 } else { total / *all as f64 };
                instance.load[0] = each * instance.vcpus as f64;
            }
        }
        for (now, total) in self.figures.iter_mut().zip(totals) {
            now.load[0] = *total;
        }
    }

    /// Each instance has its load, and each node that of its primaries.
    fn told(&mut self, loads: &HashMap<&str, f64>) -> Result<(), String> {
        let names: Vec<&str> = (self.data.instances.iter())
            .map(|it| it.name.as_str())
            .collect();
        let missing: Vec<&str> = (names.iter().copied())
            .filter(|it| !loads.contains_key(it))
            .collect();
        if !missing.is_empty() {
            let missing = shown(&missing);
            return Err(format!("No CPU information available for {missing}"));
        }
        for (instance, name) in self.instances.iter_mut().zip(names) {
            instance.load[0] = loads.get(name).copied().unwrap_or(0.0);
        }
        for (now, primaries) in self.figures.iter_mut().zip(&self.primaries) {
            let instances = primaries.iter().filter_map(|at| self.instances.get(*at));
            now.load[0] = instances.map(|it| it.load[0]).sum();
        }
        Ok(())
    }
}
