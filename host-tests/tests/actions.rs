//! Every action, typed.

use host_tests::{Stage, application};

#[tokio::test(start_paused = true)]
async fn a_department_is_listed() {
    let mut stage = Stage::new();
    let found = stage.list_department_ids(&application(), None).await.unwrap();
    assert_eq!(found[0].id, 1);
}
