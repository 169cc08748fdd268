//! The calls of a saved report, on their way back.

use super::read::{ReadError, invalid};
use crate::observation::Call;
use crate::plan::Plan;

/// Calls a report may have.
const MAX_CALLS: usize = 1_000;

/// Whether the calls are few, and of hosts of the plan.
pub(super) fn check(calls: &[Call], plan: &Plan) -> Result<(), ReadError> {
    if calls.len() > MAX_CALLS {
        return Err(invalid("calls", format!("more than {MAX_CALLS} calls")));
    }
    for (i, call) in calls.iter().enumerate() {
        let missing = |id: u32| plan.target(id).is_none();
        if missing(call.target) || call.dialled.is_some_and(missing) {
            return Err(invalid(format!("calls[{i}]"), format!("target {} is not in the plan", call.target)));
        }
    }
    Ok(())
}
