//! Members.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::{
    corp::{departments::ROOT, record::put},
    known,
};

pub(crate) const ACTIVATED: u8 = 1;
pub(crate) const DISABLED: u8 = 2;
pub(crate) const NOT_ACTIVATED: u8 = 4;

/// The canonical form of a number, for comparing: blanks and hyphens do not count, nor does `+86`. `None` for what
/// is no number.
pub(crate) fn canonical_mobile(mobile: &str) -> Option<String> {
    let plain: String = mobile.chars().filter(|it| !matches!(it, '-' | ' ')).collect();
    let (has_plus, digits) = match plain.strip_prefix('+') {
        Some(digits) => (true, digits),
        None => (false, plain.as_str()),
    };
    let is_number = !digits.is_empty() && digits.bytes().all(|it| it.is_ascii_digit());
    // Ten digits are refused. Whether a country code needs its `+` is not known.
    if mobile.len() > 32 || !is_number || (!has_plus && digits.len() < 11) {
        return None;
    }
    let is_mainland = !has_plus && digits.len() == 11 && digits.starts_with('1');
    Some(if is_mainland { format!("86{digits}") } else { digits.to_owned() })
}

/// Members by their ids in lower case, because ids ignore case.
#[derive(Clone)]
pub(crate) struct Members {
    pub(crate) all: BTreeMap<String, Member>,
    pub(crate) unlicensed: BTreeSet<String>,
}

#[derive(Clone, Default)]
pub(crate) struct Member {
    pub(crate) user_id: String,
    pub(crate) name: String,
    pub(crate) alias: Option<String>,
    pub(crate) mobile: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) biz_mail: Option<String>,
    /// Whether `biz_mail` may still be changed, once.
    pub(crate) biz_mail_generated: bool,
    pub(crate) biz_mail_alias: Vec<String>,
    /// Empty while the member waits to be assigned.
    pub(crate) department: Vec<i64>,
    pub(crate) order: Vec<i64>,
    pub(crate) is_leader_in_dept: Vec<i64>,
    pub(crate) direct_leader: Vec<String>,
    pub(crate) main_department: Option<i64>,
    pub(crate) position: Option<String>,
    pub(crate) gender: Option<String>,
    pub(crate) telephone: Option<String>,
    pub(crate) address: Option<String>,
    pub(crate) avatar: Option<String>,
    pub(crate) status: u8,
    pub(crate) invited: bool,
}

impl Members {
    pub(crate) fn new() -> Self {
        let mut founder = Member::new(known::FOUNDER);
        "Founder".clone_into(&mut founder.name);
        founder.mobile = Some("13900000000".to_owned());
        founder.department = vec![ROOT];
        founder.order = vec![0];
        founder.is_leader_in_dept = vec![1];
        founder.main_department = Some(ROOT);
        founder.status = ACTIVATED;
        founder.generate_biz_mail();
        let mut members = Self { all: BTreeMap::new(), unlicensed: BTreeSet::new() };
        members.put(founder);
        members
    }

    pub(crate) fn find(&self, user_id: &str) -> Option<&Member> {
        self.all.get(&user_id.to_ascii_lowercase())
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Member> {
        self.all.values()
    }

    pub(crate) fn directly_in(&self, department: i64) -> impl Iterator<Item = &Member> {
        self.iter().filter(move |it| it.department.contains(&department))
    }

    pub(crate) fn leaders_of(&self, department: i64) -> Vec<&str> {
        let leads = |member: &Member| {
            let mut places = member.department.iter().zip(&member.is_leader_in_dept);
            places.any(|(place, leader)| *place == department && *leader == 1)
        };
        self.iter().filter(|it| leads(it)).map(|it| it.user_id.as_str()).collect()
    }

    /// Removes the license of a member. Returns whether the member exists.
    pub(crate) fn unlicense(&mut self, user_id: &str) -> bool {
        let is_member = self.find(user_id).is_some();
        if is_member {
            self.unlicensed.insert(user_id.to_ascii_lowercase());
        }
        is_member
    }

    pub(crate) fn is_licensed(&self, member: &Member) -> bool {
        !self.unlicensed.contains(&member.user_id.to_ascii_lowercase())
    }

    /// Members in the order of their ids in lower case, from this one on.
    pub(crate) fn range_from(&self, id: String) -> impl Iterator<Item = (&String, &Member)> {
        self.all.range(id..)
    }

    pub(crate) fn remove(&mut self, user_id: &str) {
        self.all.remove(&user_id.to_ascii_lowercase());
        for other in self.all.values_mut() {
            other.direct_leader.retain(|it| !it.eq_ignore_ascii_case(user_id));
        }
    }

    pub(crate) fn put(&mut self, member: Member) {
        self.all.insert(member.user_id.to_ascii_lowercase(), member);
    }

    pub(crate) fn state(&self) -> Value {
        let rows = self.iter().map(|it| {
            let mut row = it.state();
            put(&mut row, "licensed", json!(self.is_licensed(it)));
            row
        });
        rows.collect()
    }
}

impl Member {
    pub(crate) fn new(user_id: &str) -> Self {
        Self { user_id: user_id.to_owned(), status: NOT_ACTIVATED, ..Self::default() }
    }

    pub(crate) fn generate_biz_mail(&mut self) {
        let local = self.user_id.to_ascii_lowercase().replace('@', ".");
        self.biz_mail = Some(format!("{local}@simulated.example"));
        self.biz_mail_generated = true;
    }

    /// What an application created after 2022-06-20 is shown.
    pub(crate) fn seen_by_app(&self) -> Value {
        let mut seen = self.state();
        if let Some(seen) = seen.as_object_mut() {
            for hidden in ["mobile", "email", "biz_mail", "biz_mail_alias", "gender", "address"] {
                seen.remove(hidden);
            }
            for simulated in ["avatar_mediaid", "invited"] {
                seen.remove(simulated);
            }
            seen.insert("open_userid".to_owned(), json!(""));
        }
        seen
    }

    pub(crate) fn state(&self) -> Value {
        let mut row = json!({
            "userid": self.user_id,
            "name": self.name,
            "department": self.department,
            "order": self.order,
            "is_leader_in_dept": self.is_leader_in_dept,
            "direct_leader": self.direct_leader,
            "status": self.status,
            "invited": self.invited,
        });
        let texts = [
            ("alias", &self.alias),
            ("mobile", &self.mobile),
            ("email", &self.email),
            ("biz_mail", &self.biz_mail),
            ("position", &self.position),
            ("gender", &self.gender),
            ("telephone", &self.telephone),
            ("address", &self.address),
            ("avatar_mediaid", &self.avatar),
        ];
        for (name, text) in texts {
            if let Some(text) = text {
                put(&mut row, name, json!(text));
            }
        }
        if let Some(main) = self.main_department {
            put(&mut row, "main_department", json!(main));
        }
        if !self.biz_mail_alias.is_empty() {
            put(&mut row, "biz_mail_alias", json!({ "item": self.biz_mail_alias }));
        }
        row
    }
}
