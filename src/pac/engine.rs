//! The JavaScript engine with its limits.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::{Duration, Instant};

use rquickjs::prelude::Func;
use rquickjs::{CatchResultExt, CaughtError, Context, Ctx, Function, Object, Runtime, Value};

use super::answer;
use super::{Answer, Fault, Outcome, Question, World};
use crate::text::visible::is_unseen;

/// Bytes that the engine may take.
const MEMORY: usize = 32 * 1024 * 1024;
/// Bytes of stack that a script may take.
const STACK: usize = 512 * 1024;
/// Characters of what a script says of itself that are kept.
const SAID: usize = 200;
/// Bytes of an answer, at the most.
const ANSWER: usize = 64 * 1024;
/// Names that one script may ask for.
const NAMES: usize = 256;

/// The helpers that browsers offer.
const HELPERS: &str = include_str!("helpers.js");

/// What the callbacks leave behind.
struct Seen {
    world: World,
    asked: RefCell<BTreeSet<String>>,
    own: Cell<bool>,
}

/// Runs a script and asks it everything, within `patience` in all.
pub(super) fn run(script: &str, questions: &[Question], world: World, patience: Duration) -> Outcome {
    let seen = Rc::new(Seen { world, asked: RefCell::default(), own: Cell::new(false) });
    let answers = match start(patience) {
        Ok((context, interrupted)) => {
            context.with(|ctx| answers(&ctx, script, questions, &seen, &interrupted))
        }
        Err(error) => {
            let fault = Fault::Engine(bounded(&error.to_string()));
            questions.iter().map(|_| Err(fault.clone())).collect()
        }
    };
    Outcome { answers, asked: seen.asked.take() }
}

fn start(patience: Duration) -> rquickjs::Result<(Context, Rc<Cell<bool>>)> {
    let runtime = Runtime::new()?;
    runtime.set_memory_limit(MEMORY);
    runtime.set_max_stack_size(STACK);
    let (interrupted, end) = (Rc::new(Cell::new(false)), Instant::now() + patience);
    let flag = Rc::clone(&interrupted);
    runtime.set_interrupt_handler(Some(Box::new(move || {
        let over = Instant::now() >= end;
        flag.set(flag.get() || over);
        over
    })));
    Ok((Context::full(&runtime)?, interrupted))
}

fn answers(
    ctx: &Ctx<'_>,
    script: &str,
    questions: &[Question],
    seen: &Rc<Seen>,
    interrupted: &Cell<bool>,
) -> Vec<Result<Answer, Fault>> {
    let mut given_up = None;
    let find = match load(ctx, script, seen) {
        Ok(find) => Some(find),
        Err(error) => {
            given_up = Some(match fault(ctx, error, interrupted) {
                Fault::Threw(error) => Fault::NoScript(error),
                other => other,
            });
            None
        }
    };
    questions
        .iter()
        .map(|question| {
            if let Some(fault) = &given_up {
                return Err(fault.clone());
            }
            let Some(find) = &find else { return Err(Fault::NoScript("no function".to_owned())) };
            let answer = one(ctx, find, question, seen, interrupted);
            if let Err(fault) = &answer
                && fault.is_final()
            {
                given_up = Some(fault.clone());
            }
            answer
        })
        .collect()
}

/// Runs the helpers and the script; gives its function.
fn load<'js>(ctx: &Ctx<'js>, script: &str, seen: &Rc<Seen>) -> rquickjs::Result<Function<'js>> {
    let host = Object::new(ctx.clone())?;
    let names = Rc::clone(seen);
    host.set("resolve", Func::from(move |name: String| names.resolve(&name)))?;
    let own = Rc::clone(seen);
    host.set("own", Func::from(move || own.own_address()))?;
    // Whole seconds of this century fit a double exactly.
    host.set("now", seen.world.now as f64 * 1000.0)?;
    let helpers: Function<'js> = ctx.eval(HELPERS)?;
    helpers.call::<_, ()>((host,))?;
    // Browsers run scripts in sloppy mode, as a program and not as a module.
    let mut options = rquickjs::context::EvalOptions::default();
    options.strict = false;
    ctx.eval_with_options::<(), _>(script, options)?;
    ctx.globals().get("FindProxyForURL")
}

fn one<'js>(
    ctx: &Ctx<'js>,
    find: &Function<'js>,
    question: &Question,
    seen: &Seen,
    interrupted: &Cell<bool>,
) -> Result<Answer, Fault> {
    seen.own.set(false);
    let value: Value<'js> = find
        .call((question.url.as_str(), question.host.as_str()))
        .map_err(|error| fault(ctx, error, interrupted))?;
    let Some(text) = value.as_string() else { return Err(Fault::NoText) };
    let text = text.to_string().map_err(|error| fault(ctx, error, interrupted))?;
    if text.len() > ANSWER {
        return Err(Fault::Threw(format!("its answer is longer than {} KiB", ANSWER / 1024)));
    }
    Ok(Answer { hops: answer::read(&text), by_own_address: seen.own.get() })
}

/// What an error means.
fn fault<'js>(ctx: &Ctx<'js>, error: rquickjs::Error, interrupted: &Cell<bool>) -> Fault {
    if interrupted.get() {
        return Fault::TooLong;
    }
    let said = match Err::<(), _>(error).catch(ctx) {
        Ok(()) => String::new(),
        Err(CaughtError::Exception(exception)) => exception.message().unwrap_or_default(),
        Err(CaughtError::Value(value)) => match value.as_string().map(|s| s.to_string()) {
            Some(Ok(text)) => text,
            _ => format!("a thrown {}", value.type_name()),
        },
        Err(CaughtError::Error(rquickjs::Error::Allocation)) => return Fault::TooLarge,
        Err(CaughtError::Error(rquickjs::Error::FromJs { .. })) => {
            return Fault::NoScript("it has no function FindProxyForURL".to_owned());
        }
        Err(CaughtError::Error(other)) => other.to_string(),
    };
    match bounded(&said) {
        said if said.contains("out of memory") => Fault::TooLarge,
        said if said.contains("call stack size exceeded") || said.contains("stack overflow") => {
            Fault::TooDeep
        }
        said if said.is_empty() => Fault::Threw("no message".to_owned()),
        said => Fault::Threw(said),
    }
}

/// One line of what a script says.
fn bounded(text: &str) -> String {
    let shown = |c: char| if is_unseen(c) { ' ' } else { c };
    text.chars().map(shown).take(SAID).collect::<String>().trim().to_owned()
}

impl Seen {
    fn resolve(&self, name: &str) -> Vec<String> {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        if let Some(addresses) = self.world.names.get(&name) {
            return addresses.iter().map(ToString::to_string).collect();
        }
        let mut asked = self.asked.borrow_mut();
        if asked.len() < NAMES && name.len() <= 253 {
            asked.insert(name);
        }
        Vec::new()
    }

    fn own_address(&self) -> String {
        self.own.set(true);
        self.world.own.map_or_else(|| "127.0.0.1".to_owned(), |a| a.to_string())
    }
}
