//! The department tree.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::corp::{record::put, refusal::Refusal};

pub(crate) const ROOT: i64 = 1;
pub(crate) const MAX_LEVELS: usize = 15;
pub(crate) const FIRST_ORDER: u32 = 100_000_000;

#[derive(Clone)]
pub(crate) struct Departments {
    pub(crate) all: BTreeMap<i64, Department>,
    pub(crate) newest: i64,
}

#[derive(Clone)]
pub(crate) struct Department {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) name_en: Option<String>,
    pub(crate) parent: i64,
    pub(crate) order: u32,
    pub(crate) children: BTreeSet<i64>,
}

impl Departments {
    pub(crate) fn new() -> Self {
        let root = Department {
            id: ROOT,
            name: "Simulated Corp".to_owned(),
            name_en: None,
            parent: 0,
            order: FIRST_ORDER,
            children: BTreeSet::new(),
        };
        Self { all: [(ROOT, root)].into(), newest: ROOT }
    }

    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    pub(crate) fn find(&self, id: i64) -> Option<&Department> {
        self.all.get(&id)
    }

    /// This department and every one below it, by id.
    pub(crate) fn subtree(&self, top: i64) -> BTreeSet<i64> {
        let mut found = BTreeSet::new();
        let mut next = vec![top];
        while let Some(id) = next.pop() {
            if let Some(department) = self.find(id) {
                found.insert(id);
                next.extend(&department.children);
            }
        }
        found
    }

    /// Whether `id` is `top` or below it.
    pub(crate) fn is_within(&self, id: i64, top: i64) -> bool {
        self.path(id).any(|it| it == top)
    }

    /// The level of a department; that of the root is 1.
    pub(crate) fn level(&self, id: i64) -> usize {
        self.path(id).count()
    }

    /// How many levels a department and those below it have.
    pub(crate) fn height(&self, top: i64) -> usize {
        let above = self.level(top) - 1;
        self.subtree(top).into_iter().map(|it| self.level(it) - above).max().unwrap_or_default()
    }

    /// A department, its parent, and so on to the root.
    pub(crate) fn path(&self, id: i64) -> impl Iterator<Item = i64> {
        let first = self.find(id).map(|it| it.id);
        std::iter::successors(first, |id| {
            let parent = self.find(*id)?.parent;
            (parent != 0).then_some(parent)
        })
    }

    pub(crate) fn unused(&self) -> i64 {
        (self.newest + 1..=i64::from(i32::MAX))
            .find(|it| !self.all.contains_key(it))
            .unwrap_or_default()
    }

    pub(crate) fn check_siblings(
        &self,
        parent: &Department,
        id: i64,
        name: Option<&String>,
        name_en: Option<&String>,
    ) -> Result<(), Refusal> {
        let siblings =
            parent.children.iter().filter(|it| **it != id).filter_map(|it| self.find(*it));
        for sibling in siblings {
            if Some(&sibling.name) == name {
                return Err(Refusal::new(60008, "department existed"));
            }
            if name_en.is_some() && sibling.name_en.as_ref() == name_en {
                return Err(Refusal::new(60008, "department existed: name_en"));
            }
        }
        Ok(())
    }

    pub(crate) fn insert(&mut self, department: Department) {
        if let Some(parent) = self.all.get_mut(&department.parent) {
            parent.children.insert(department.id);
        }
        // A server-picked id follows the last server-picked one, whatever ids callers choose.
        if department.id == self.unused() {
            self.newest = department.id;
        }
        self.all.insert(department.id, department);
    }

    pub(crate) fn replace(&mut self, new: Department) {
        self.remove(new.id);
        self.insert(new);
    }

    pub(crate) fn remove(&mut self, id: i64) {
        if let Some(old) = self.all.remove(&id)
            && let Some(parent) = self.all.get_mut(&old.parent)
        {
            parent.children.remove(&id);
        }
    }

    pub(crate) fn state(&self) -> Value {
        self.all.values().map(Department::state).collect()
    }
}

impl Department {
    pub(crate) fn state(&self) -> Value {
        let Self { id, name, name_en, parent, order, .. } = self;
        let mut row = json!({ "id": id, "name": name, "parentid": parent, "order": order });
        if let Some(name_en) = name_en {
            put(&mut row, "name_en", json!(name_en));
        }
        row
    }
}
