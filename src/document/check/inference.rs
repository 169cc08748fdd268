//! The calls of a saved report, on their way back.

use serde_json::{Map, Value};

use super::read::{ReadError, invalid};
use crate::observation::Call;
use crate::plan::Plan;

/// Calls a report may have.
const MAX_CALLS: usize = 1_000;

/// Takes `calls` out of a report. Reports of versions that made none do not have it.
pub(super) fn read(top: &mut Map<String, Value>, plan: &Plan) -> Result<Vec<Call>, ReadError> {
    let Some(value) = top.remove("calls") else { return Ok(Vec::new()) };
    let calls: Vec<Call> = serde_json::from_value(value).map_err(|e| invalid("calls", e.to_string()))?;
    if calls.len() > MAX_CALLS {
        return Err(invalid("calls", format!("more than {MAX_CALLS} calls")));
    }
    for (i, call) in calls.iter().enumerate() {
        let missing = |id: u32| plan.target(id).is_none();
        if missing(call.target) || call.dialled.is_some_and(missing) {
            return Err(invalid(format!("calls[{i}]"), format!("target {} is not in the plan", call.target)));
        }
    }
    Ok(calls)
}
