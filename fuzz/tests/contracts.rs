//! Contracts and outputs of any bytes.

#[test]
fn any_bytes_are_a_contract_or_told_why_not() {
    hostile::replay(&[fuzz::CONTRACTS]);
}
