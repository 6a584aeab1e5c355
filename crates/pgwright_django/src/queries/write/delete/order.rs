//! In which order tables are emptied (`Collector.sort`).

use crate::model::ModelId;

/// Models in the order they were met, and which must be deleted before which.
#[derive(Debug, Default)]
pub(super) struct Order {
    pub(super) models: Vec<ModelId>,
    /// A concrete model, and one whose rows go before its own.
    before: Vec<(ModelId, ModelId)>,
}

impl Order {
    pub(super) fn add(&mut self, model: ModelId) {
        if !self.models.contains(&model) {
            self.models.push(model);
        }
    }

    /// Rows of `first` go before those of `model`; both concrete.
    pub(super) fn depend(&mut self, model: ModelId, first: ModelId) {
        if !self.before.contains(&(model, first)) {
            self.before.push((model, first));
        }
    }

    /// As they were met where models depend on each other in a circle.
    pub(super) fn sorted(&self, concrete: impl Fn(ModelId) -> ModelId) -> Vec<ModelId> {
        let mut sorted: Vec<ModelId> = Vec::new();
        let mut done: Vec<ModelId> = Vec::new();
        while sorted.len() < self.models.len() {
            let before = sorted.len();
            for model in &self.models {
                if sorted.contains(model) {
                    continue;
                }
                let own = concrete(*model);
                let waits = self.before.iter().any(|(later, first)| *later == own && !done.contains(first));
                if !waits {
                    sorted.push(*model);
                    done.push(own);
                }
            }
            if sorted.len() == before {
                return self.models.clone();
            }
        }
        sorted
    }
}
