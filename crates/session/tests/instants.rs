//! Which texts are instants. The npm package reads the same table.

use serde_json::Value;
use tickseed_session::Timestamp;

#[test]
fn the_texts_of_the_table_are_read_or_refused() {
    let table: Value = serde_json::from_str(include_str!("instants.json")).unwrap();
    for case in table["accepted"].as_array().unwrap() {
        let text = case[0].as_str().unwrap();
        let millis = Timestamp::parse(text).map(Timestamp::millis);
        assert_eq!(millis.ok(), case[1].as_i64(), "{text:?}");
    }
    for text in table["refused"].as_array().unwrap() {
        let text = text.as_str().unwrap();
        assert!(Timestamp::parse(text).is_err(), "{text:?}");
    }
}
