#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| wecom_connector::fuzzing::file(bytes));
