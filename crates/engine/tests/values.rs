//! Accessors, text and JSON forms of the inputs. No state depends on them, so the vectors do not cover them.

use tickseed_engine::{Schedule, Seed, Step};

#[test]
fn a_schedule_returns_its_parts() {
    let schedule = Schedule::new(1_700_000_000_000, 250).unwrap();
    assert_eq!((schedule.start_at(), schedule.tick_ms()), (1_700_000_000_000, 250));
}

#[test]
fn a_seed_keeps_its_text() {
    let seed = |text| Seed::new(text).unwrap();
    assert_eq!(seed("caf\u{e9}").as_str(), "caf\u{e9}");
    assert_eq!(seed("one"), seed("one"));
    assert_ne!(seed("one"), seed("on"));
    assert_ne!(seed("one"), seed("two"));
    assert_eq!(format!("{:?}", seed("one")), r#"Seed("one")"#);
}

#[test]
fn a_step_displays_its_number() {
    assert_eq!(Step::new(12_863).unwrap().to_string(), "12863");
}

#[cfg(feature = "serde")]
mod json {
    use tickseed_engine::{BreakInterval, Rules};

    fn read(json: &str) -> Result<Rules, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn rules_survive_a_round_trip() {
        let rules = Rules::new(BreakInterval::new(3, 10).unwrap(), 4).unwrap();
        let json = r#"{"break_interval":{"min":3,"max":10},"rounds_per_epoch":4}"#;
        assert_eq!(serde_json::to_string(&rules).unwrap(), json);
        assert_eq!(read(json), Ok(rules));
    }

    #[test]
    fn missing_fields_take_their_defaults() {
        assert_eq!(read("{}"), Ok(Rules::default()));
        assert_eq!(read(r#"{"rounds_per_epoch":64}"#), Ok(Rules::default()));
    }

    #[test]
    fn rules_out_of_range_are_rejected() {
        let message = |json| read(json).unwrap_err();
        assert!(
            message(r#"{"break_interval":{"min":0,"max":10}}"#).contains("break_interval.min must be from 1")
        );
        assert!(message(r#"{"rounds_per_epoch":3}"#).contains("rounds_per_epoch must be an even number"));
        assert!(message(r#"{"rounds_per_epochs":4}"#).contains("unknown field"));
    }
}
