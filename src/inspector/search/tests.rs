use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::*;

fn now() -> Timestamp {
    "2026-11-24T12:00:00Z".parse().unwrap()
}

fn filter(text: &str) -> Filter {
    parse(text).unwrap().filter(now())
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[test]
fn each_filter_of_the_contract_is_read_and_everything_else_is_a_word() {
    let all = filter(
        "ada \"changed by  Ada\" type:user.* type:role.created verdict:failed id:event_1 data.user.email:ada@* \
         since:2h until:2026-11-24T11:30:00Z failed:KEY is:pinned https://a.example 12:04 -cancelled -type:user.deleted",
    );
    assert_eq!(all.words, words(&["ada", "changed by  Ada", "https://a.example", "12:04"]));
    assert_eq!(all.types, words(&["user.*", "role.created"]));
    assert_eq!((all.not_words, all.not_types), (words(&["cancelled"]), words(&["user.deleted"])));
    assert_eq!(all.standings, Standing::named("failed").unwrap());
    assert_eq!((all.id.as_deref(), all.failed, all.pinned), (Some("event_1"), words(&["key"]), true));
    assert_eq!(all.members, [Member { path: words(&["data", "user", "email"]), value: "ada@*".to_owned() }]);
    assert_eq!(all.since, Some("2026-11-24T10:00:00Z".parse().unwrap()));
    assert_eq!(all.until, Some("2026-11-24T11:30:00Z".parse().unwrap()));
    assert_eq!(filter(""), Filter::default());
    assert_eq!(filter(" \t\"\" -- - … "), Filter::default());
}

#[test]
fn a_verdict_that_is_left_out_leaves_the_others() {
    let good = filter("-verdict:good").standings;
    assert!(!good.contains(&Standing::Good) && good.len() == 7);
    assert_eq!(filter("verdict:verified -verdict:good").standings, [Standing::Failed]);
    assert_eq!(filter("verdict:good -verdict:verified").seq, Some(0), "nothing is both");
}

#[test]
fn the_three_ids_and_a_number_are_told_apart() {
    for (text, name, id, seq) in [
        ("id:event_0a", "Event ID", Some("event_0a"), None),
        ("id:webhook_0a", "Webhook ID", Some("webhook_0a"), None),
        ("id:018f-3", "Webhook Request ID", Some("018f-3"), None),
        ("id:7", "number", None, Some(7)),
    ] {
        let query = parse(text).unwrap();
        assert_eq!(query.chips()[0].name, name);
        let filter = query.filter(now());
        assert_eq!((filter.id.as_deref(), filter.seq), (id, seq), "{text}");
    }
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    for (text, at, word) in [
        ("ada verdit:failed", 4, "no filter verdit:"),
        ("verdict:bad", 8, "not_verified"),
        ("é failed:colour", 10, "signature"),
        ("type: user", 5, "needs a value"),
        ("since:soon", 6, "takes 2026"),
        ("until:2026-13-01", 6, "takes 2026"),
        ("say \"never closed", 4, "never closed"),
        ("-ada", 0, "beside words"),
        ("ada -id:7", 4, "only words, types and verdicts"),
        ("data..x:1", 0, "no path"),
        ("is:good", 3, "pinned"),
    ] {
        let error = parse(text).unwrap_err();
        assert_eq!(error.at, at, "{text}: {error}");
        assert!(error.what.contains(word), "{text}: {error}");
    }
    assert!(UserError::from(parse("a b:c").unwrap_err()).detail.starts_with("At character 3: "));
}

#[test]
fn moments_are_read_as_people_write_them() {
    let zone = TimeZone::fixed(jiff::tz::offset(2));
    for (text, moment) in [
        ("2026-11-24T10:00:00+01:00", "2026-11-24T09:00:00Z"),
        ("2026-11-24", "2026-11-23T22:00:00Z"),
        ("2026-11-24T10:00", "2026-11-24T08:00:00Z"),
        ("2026-11-24 10:00", "2026-11-24T08:00:00Z"),
        ("10:30", "2026-11-24T08:30:00Z"),
        ("90s", "2026-11-24T11:58:30Z"),
        ("1w", "2026-11-17T12:00:00Z"),
    ] {
        let read = When::read(text).unwrap_or_else(|| panic!("{text}"));
        assert_eq!(read.moment_in(now(), &zone), moment.parse::<Timestamp>().unwrap(), "{text}");
    }
    for text in ["", "h", "2x", "-2h", "yesterday", "25:00", "99999999999999999999h", "2026"] {
        assert!(When::read(text).is_none(), "{text}");
    }
    When::read("99999999999999h").unwrap().moment(now());
}

#[test]
fn a_chip_is_taken_out_of_the_text_and_a_filter_put_in_the_place_of_its_like() {
    let text = "ada  type:user.*   -verdict:good  \"x y\"";
    let chips = parse(text).unwrap().chips();
    let said: Vec<String> = chips.iter().map(Chip::text).collect();
    assert_eq!(said, ["ada", "type user.*", "not verdict good", "x y"]);
    assert_eq!(chips.iter().map(|chip| chip.filter).collect::<Vec<_>>(), [false, true, true, false]);
    assert_eq!(without(text, &chips[1]), "ada -verdict:good  \"x y\"");
    assert_eq!(without(text, &chips[3]), "ada  type:user.*   -verdict:good");
    assert_eq!(without("ada", &parse("ada").unwrap().chips()[0]), "");
    assert_eq!(set(text, "type", "role.*"), "ada -verdict:good  \"x y\" type:role.*");
    assert_eq!(set("type:a -type:b", "type", "c"), "type:c");
    assert_eq!(set("", "data.user.name", "a \"b\" \\"), r#"data.user.name:"a \"b\" \\""#);
    let back = filter(&set("", "data.user.name", "a \"b\" \\"));
    assert_eq!(back.members[0].value, "a \"b\" \\");
}

proptest! {
    #[test]
    fn reading_never_panics_and_every_chip_can_be_taken_out_of_it(text in r#"(type:|verdict:|since:|id:|-|"|\\|a\.b:|é| |user|failed|2h|:|/){0,14}"#) {
        if let Ok(query) = parse(&text) {
            let terms = query.chips();
            for chip in &terms {
                prop_assert!(text.get(chip.at.clone()).is_some());
                if let Ok(left) = parse(&without(&text, chip)) {
                    prop_assert_eq!(left.chips().len(), terms.len() - 1);
                }
            }
            drop(query.filter(now()));
        }
    }

    #[test]
    fn reading_never_panics_on_anything(text in any::<String>()) {
        drop(parse(&text).map(|query| query.filter(now())));
    }
}
