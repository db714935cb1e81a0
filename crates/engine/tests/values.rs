//! What the inputs give back, as text, as numbers and as JSON: no state depends on that, so no vector looks at it.

use tickseed_engine::{Schedule, Seed, Step};

#[test]
fn a_schedule_tells_what_it_was_made_of() {
    let schedule = Schedule::new(1_700_000_000_000, 250).unwrap();
    assert_eq!((schedule.start_at(), schedule.tick_ms()), (1_700_000_000_000, 250));
}

#[test]
fn a_seed_is_its_text() {
    let seed = |text| Seed::new(text).unwrap();
    assert_eq!(seed("caf\u{e9}").as_str(), "caf\u{e9}");
    assert_eq!(seed("one"), seed("one"));
    assert_ne!(seed("one"), seed("on"));
    assert_ne!(seed("one"), seed("two"));
    assert_eq!(format!("{:?}", seed("one")), r#"Seed("one")"#);
}

#[test]
fn a_step_is_written_as_its_number() {
    assert_eq!(Step::new(12_863).unwrap().to_string(), "12863");
}

#[cfg(feature = "serde")]
mod json {
    use tickseed_engine::{BreakInterval, Rules};

    fn read(json: &str) -> Result<Rules, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn rules_are_read_as_they_are_written() {
        let rules = Rules::new(BreakInterval::new(3, 10).unwrap(), 4).unwrap();
        let json = r#"{"break_interval":{"min":3,"max":10},"rounds_per_epoch":4}"#;
        assert_eq!(serde_json::to_string(&rules).unwrap(), json);
        assert_eq!(read(json), Ok(rules));
    }

    #[test]
    fn what_is_left_out_takes_its_default() {
        assert_eq!(read("{}"), Ok(Rules::default()));
        assert_eq!(read(r#"{"rounds_per_epoch":64}"#), Ok(Rules::default()));
    }

    #[test]
    fn rules_out_of_range_are_refused() {
        let message = |json| read(json).unwrap_err();
        assert!(
            message(r#"{"break_interval":{"min":0,"max":10}}"#).contains("break_interval.min must be from 1")
        );
        assert!(message(r#"{"rounds_per_epoch":3}"#).contains("rounds_per_epoch must be an even number"));
        assert!(message(r#"{"rounds_per_epochs":4}"#).contains("unknown field"));
    }
}
