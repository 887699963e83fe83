//! The present cluster as the planner reckons with it: loaded when its shape has changed, and kept up with what nodes
//! report in between.

use std::sync::Arc;

use super::n1::N1;
use super::think::Snapshot;
use crate::model::Cluster;

/// The cluster as it was when it was last looked at.
#[derive(Clone, Debug)]
pub struct Present {
    /// As plans are made for it.
    pub snapshot: Arc<Snapshot>,
    /// Its N+1.
    pub n1: N1,
    shape: u64,
}

impl Present {
    /// Loads it.
    ///
    /// # Errors
    /// If its configuration is not known, or cannot be reckoned with.
    pub fn of(cluster: &Cluster) -> Result<Present, String> {
        Present::loaded(cluster, Snapshot::of(cluster)?)
    }

    fn loaded(cluster: &Cluster, snapshot: Snapshot) -> Result<Present, String> {
        Ok(Present {
            n1: N1::told(
                snapshot.data.clone(),
                snapshot.ground.clone(),
                &snapshot.unknown,
            )?,
            snapshot: Arc::new(snapshot),
            shape: cluster.shape,
        })
    }

    /// Brings it up to now: where nothing but the free memory of nodes is another, only what depends on that is looked at.
    ///
    /// # Errors
    /// As [`Present::of`].
    pub fn keep_up(&mut self, cluster: &Cluster) -> Result<(), String> {
        let same = self.shape == cluster.shape;
        let Some(moved) = same.then(|| self.snapshot.reported(cluster)).flatten() else {
            let snapshot = self.snapshot.anew(cluster)?;
            *self = Present::loaded(cluster, snapshot)?;
            return Ok(());
        };
        self.n1.report_all(&moved);
        Arc::make_mut(&mut self.snapshot).take(&moved, cluster.now.at);
        Ok(())
    }
}
