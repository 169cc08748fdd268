//! Proxy scripts: asked twice, the second time with the names that they wanted.
#![no_main]

use clearway::pac::{self, Fault, Question, World};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    // The answer of a script is a text of somebody else's as well.
    let hops = pac::read(&text);
    assert!((1..=16).contains(&hops.len()));
    // As a whole, and as the body of the function: most texts are no program with that function.
    let body = format!("function FindProxyForURL(url, host) {{ {text} }}");
    for script in [text.as_ref(), &body] {
        // What does not end is stopped, but only after seconds: not worth a fuzzer's time.
        if ["for", "while", "do", "=>", "function", "Array", "repeat", "pad"].iter().any(|w| text.contains(w))
        {
            continue;
        }
        let questions = [Question::new("a.example", 443, false), Question::new("2001:db8::1", 8443, true)];
        let mut world = World { now: 1_795_348_800, ..World::default() };
        let first = pac::ask(script, &questions, &world);
        assert!(first.asked.len() <= 256);
        world.names =
            first.asked.iter().map(|n| (n.clone(), vec!["192.0.2.7".parse().expect("an address")])).collect();
        for answer in first.answers.into_iter().chain(pac::ask(script, &questions, &world).answers) {
            match answer {
                Ok(answer) => assert!((1..=16).contains(&answer.hops.len())),
                Err(Fault::Threw(said) | Fault::NoScript(said)) => {
                    assert!(said.chars().count() <= 200 && !said.chars().any(char::is_control), "{said}");
                }
                Err(Fault::Engine(error)) => panic!("{error}"),
                Err(_) => {}
            }
        }
    }
});
