//! The canonical ABI: how a host passes the contract's values into the component and takes them out.
//!
//! One piece of code for each type, which all functions share. The exports that wit-bindgen makes write it out once for each
//! function, which is a third of the component. Layouts are those of
//! [Canonical ABI](https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md), with pointers and
//! lengths of the machine's size, so that they can be tested natively.
#![allow(
    unsafe_code,
    clippy::cast_ptr_alignment,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "values are laid into memory by hand; what is read there was written by the host, as the contract says and \
              aligned as its types are"
)]

use alloc::{
    alloc::{alloc, handle_alloc_error},
    boxed::Box,
    string::String,
    vec::Vec,
};
use core::{alloc::Layout as Memory, mem, ptr};

pub(crate) use wecom_abi::Canonical;

/// A value that can cross the border of the component.
///
/// # Safety
/// Of `load` and `lift`: what lies there was put there as a value of this type, its memory came from `cabi_realloc`, and it
/// is read once. Of `store`: there is room, aligned, for a value of this type.
pub(crate) trait Canonical: Sized {
    const LAYOUT: Layout;
    /// Whether a list of these lies in memory just as Rust lays it out.
    const AS_IN_RUST: bool = false;

    /// Takes a value out of memory.
    unsafe fn load(at: *const u8) -> Self;

    /// Takes a value out of the arguments of a function that has few of them.
    unsafe fn lift(flat: &mut Flat) -> Self;

    /// Lays a value into memory, where it is left to the host.
    unsafe fn store(self, at: *mut u8);
}

/// What room a type takes.
#[derive(Clone, Copy)]
pub(crate) struct Layout {
    size: usize,
    align: usize,
    /// Where the value of a case begins.
    payload: usize,
    /// How many arguments it makes when a function has few of them.
    flat: usize,
}

impl Layout {
    const NOTHING: Self = Self { size: 0, align: 1, payload: 0, flat: 0 };

    const fn plain(size: usize) -> Self {
        Self { size, align: size, payload: 0, flat: 1 }
    }

    pub(crate) const fn record(fields: &[Self]) -> Self {
        let mut it = Self::NOTHING;
        let mut fields = fields;
        while let [field, rest @ ..] = fields {
            it.size = it.size.next_multiple_of(field.align) + field.size;
            it.align = if it.align > field.align { it.align } else { field.align };
            it.flat += field.flat;
            fields = rest;
        }
        it.size = it.size.next_multiple_of(it.align);
        it
    }

    /// Of the values that the cases carry. All types of the contract have at most 256 cases, counted in one byte.
    pub(crate) const fn variant(payloads: &[Self]) -> Self {
        let mut it = Self::NOTHING;
        let mut payloads = payloads;
        while let [payload, rest @ ..] = payloads {
            it.size = if it.size > payload.size { it.size } else { payload.size };
            it.align = if it.align > payload.align { it.align } else { payload.align };
            it.flat = if it.flat > payload.flat { it.flat } else { payload.flat };
            payloads = rest;
        }
        it.payload = it.align;
        it.size = (it.payload + it.size).next_multiple_of(it.align);
        it.flat += 1;
        it
    }
}

/// Arguments that come one by one, as a function has few of them.
pub(crate) struct Flat(*const usize);

impl Flat {
    /// # Safety
    /// There are as many arguments as the types that are lifted take.
    pub(crate) unsafe fn new(arguments: &[usize]) -> Self {
        Self(arguments.as_ptr())
    }

    unsafe fn next(&mut self) -> usize {
        unsafe {
            let next = *self.0;
            self.0 = self.0.add(1);
            next
        }
    }

    #[cfg(target_family = "wasm")]
    pub(crate) unsafe fn load<T: Canonical>(&mut self) -> T {
        unsafe { T::lift(self) }
    }

    /// The number of a case, and what it carries. All cases take the room of the largest.
    pub(crate) unsafe fn variant(&mut self, layout: Layout) -> (usize, Self) {
        unsafe {
            let number = self.next();
            let payload = Self(self.0);
            self.0 = self.0.add(layout.flat - 1);
            (number, payload)
        }
    }
}

/// The fields of a record in memory, one after the other.
pub(crate) struct Fields {
    at: *mut u8,
    offset: usize,
}

impl Fields {
    pub(crate) fn new(at: *mut u8) -> Self {
        Self { at, offset: 0 }
    }

    fn place<T: Canonical>(&mut self) -> *mut u8 {
        let offset = self.offset.next_multiple_of(T::LAYOUT.align);
        self.offset = offset + T::LAYOUT.size;
        self.at.wrapping_add(offset)
    }

    pub(crate) unsafe fn load<T: Canonical>(&mut self) -> T {
        unsafe { T::load(self.place::<T>()) }
    }

    pub(crate) unsafe fn store<T: Canonical>(&mut self, field: T) {
        unsafe { field.store(self.place::<T>()) }
    }
}

/// A variant in memory: the number of its case, and behind it what that carries.
pub(crate) struct Case {
    at: *mut u8,
    payload: usize,
}

impl Case {
    pub(crate) fn new(at: *mut u8, layout: Layout) -> Self {
        Self { at, payload: layout.payload }
    }

    pub(crate) unsafe fn number(&self) -> usize {
        unsafe { usize::from(*self.at) }
    }

    pub(crate) unsafe fn load<T: Canonical>(&self) -> T {
        unsafe { T::load(self.at.add(self.payload)) }
    }

    pub(crate) unsafe fn store<T: Canonical>(&self, number: u8, payload: T) {
        unsafe {
            *self.at = number;
            payload.store(self.at.add(self.payload));
        }
    }
}

/// The host checks this before it calls: a trap, should it not have.
#[allow(clippy::panic, reason = "there is nothing to go on with")]
#[cold]
pub(crate) fn no_such_case() -> ! {
    panic!()
}

impl Canonical for () {
    const LAYOUT: Layout = Layout::NOTHING;

    unsafe fn load(_: *const u8) -> Self {}
    unsafe fn lift(_: &mut Flat) -> Self {}
    unsafe fn store(self, _: *mut u8) {}
}

macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl Canonical for $number {
            const LAYOUT: Layout = Layout::plain(size_of::<Self>());
            const AS_IN_RUST: bool = true;

            unsafe fn load(at: *const u8) -> Self {
                unsafe { at.cast::<Self>().read() }
            }

            // One of 64 bits would not travel so: a function that takes it does not link.
            unsafe fn lift(flat: &mut Flat) -> Self {
                unsafe { flat.next() as Self }
            }

            unsafe fn store(self, at: *mut u8) {
                unsafe { at.cast::<Self>().write(self) }
            }
        }
    )*};
}

numbers!(u8, i32, u32, u64);

impl Canonical for bool {
    const LAYOUT: Layout = u8::LAYOUT;

    unsafe fn load(at: *const u8) -> Self {
        unsafe { u8::load(at) != 0 }
    }

    unsafe fn lift(flat: &mut Flat) -> Self {
        unsafe { u8::lift(flat) != 0 }
    }

    unsafe fn store(self, at: *mut u8) {
        unsafe { u8::from(self).store(at) }
    }
}

impl Canonical for String {
    const LAYOUT: Layout = Vec::<u8>::LAYOUT;

    // The host has checked that it is UTF-8.
    unsafe fn load(at: *const u8) -> Self {
        unsafe { Self::from_utf8_unchecked(Vec::load(at)) }
    }

    unsafe fn lift(flat: &mut Flat) -> Self {
        unsafe { Self::from_utf8_unchecked(Vec::lift(flat)) }
    }

    unsafe fn store(self, at: *mut u8) {
        unsafe { self.into_bytes().store(at) }
    }
}

impl<T: Canonical> Canonical for Vec<T> {
    const LAYOUT: Layout =
        Layout { size: 2 * size_of::<usize>(), align: align_of::<usize>(), payload: 0, flat: 2 };

    unsafe fn load(at: *const u8) -> Self {
        unsafe {
            let at = at.cast::<usize>();
            list(at.read(), at.add(1).read())
        }
    }

    unsafe fn lift(flat: &mut Flat) -> Self {
        unsafe { list(flat.next(), flat.next()) }
    }

    unsafe fn store(self, at: *mut u8) {
        unsafe {
            let (items, length) = laid_out(self);
            let at = at.cast::<usize>();
            at.write(items.expose_provenance());
            at.add(1).write(length);
        }
    }
}

unsafe fn list<T: Canonical>(items: usize, length: usize) -> Vec<T> {
    let items = ptr::with_exposed_provenance_mut::<u8>(items);
    if length == 0 {
        return Vec::new();
    }
    if T::AS_IN_RUST {
        return unsafe { Box::from_raw(ptr::slice_from_raw_parts_mut(items.cast(), length)) }
            .into();
    }
    (0..length).map(|it| unsafe { T::load(items.add(it * T::LAYOUT.size)) }).collect()
}

unsafe fn laid_out<T: Canonical>(list: Vec<T>) -> (*mut u8, usize) {
    let length = list.len();
    if T::AS_IN_RUST {
        return (mem::ManuallyDrop::new(list).as_mut_ptr().cast(), length);
    }
    let items = room(T::LAYOUT, length);
    for (index, item) in list.into_iter().enumerate() {
        unsafe { item.store(items.add(index * T::LAYOUT.size)) }
    }
    (items, length)
}

fn room(layout: Layout, count: usize) -> *mut u8 {
    let Layout { size, align, .. } = layout;
    if size == 0 || count == 0 {
        return ptr::without_provenance_mut(align);
    }
    let Some(memory) =
        size.checked_mul(count).and_then(|it| Memory::from_size_align(it, align).ok())
    else {
        no_such_case()
    };
    // SAFETY: it is not of no size.
    let room = unsafe { alloc(memory) };
    if room.is_null() {
        handle_alloc_error(memory);
    }
    room
}

impl<T: Canonical> Canonical for Option<T> {
    const LAYOUT: Layout = Layout::variant(&[T::LAYOUT]);

    unsafe fn load(at: *const u8) -> Self {
        let case = Case::new(at.cast_mut(), Self::LAYOUT);
        unsafe { if case.number() == 0 { None } else { Some(case.load()) } }
    }

    unsafe fn lift(flat: &mut Flat) -> Self {
        unsafe {
            let (number, mut payload) = flat.variant(Self::LAYOUT);
            if number == 0 { None } else { Some(T::lift(&mut payload)) }
        }
    }

    unsafe fn store(self, at: *mut u8) {
        let case = Case::new(at, Self::LAYOUT);
        unsafe {
            match self {
                None => case.store(0, ()),
                Some(value) => case.store(1, value),
            }
        }
    }
}

/// A result, for the host to take out: it lies at the address that is returned.
pub(crate) fn give<T: Canonical, E: Canonical>(result: Result<T, E>) -> *mut u8 {
    let layout = const { Layout::variant(&[T::LAYOUT, E::LAYOUT]) };
    let room = room(layout, 1);
    let case = Case::new(room, layout);
    unsafe {
        match result {
            Ok(value) => case.store(0, value),
            Err(error) => case.store(1, error),
        }
    }
    room
}

/// Exports the functions of one interface, a line each: name, caller, action and arguments. A number behind the name says how
/// many arguments the host passes where it passes them one by one, as it does up to 16; with a wrong one the component does
/// not link.
#[cfg(target_family = "wasm")]
macro_rules! export {
    ($interface:literal: $(
        $name:literal $(($count:tt))? = $caller:ty, $($action:ident)::+($($argument:ident),+);
    )+) => {$(
        const _: () = {
            $crate::abi::exported! {
                ($($count)?) concat!("wecom:connector/", $interface, "@", env!("CARGO_PKG_VERSION"), "#", $name),
                (caller: $caller, $($argument: _),+) => run(caller.account(), $($action)::+($($argument),+))
            }
        };
    )+};
}

/// Exports one function: its arguments in the order of the contract, and the result that is made of them.
#[cfg(target_family = "wasm")]
macro_rules! exported {
    (() $name:expr, ($($argument:ident: $ty:ty),+) => $result:expr) => {
        #[allow(unsafe_code, reason = "the host passes what the contract says")]
        #[unsafe(export_name = $name)]
        unsafe extern "C" fn exported(arguments: *mut u8) -> *mut u8 {
            let _running = $crate::runtime::Running::begin();
            let mut arguments = $crate::abi::Fields::new(arguments);
            $(let $argument: $ty = unsafe { arguments.load() };)+
            $crate::abi::give($result)
        }
    };
    ([$($slot:ident)*] $name:expr, ($($argument:ident: $ty:ty),+) => $result:expr) => {
        #[allow(unsafe_code, reason = "the host passes what the contract says")]
        #[unsafe(export_name = $name)]
        unsafe extern "C" fn exported($($slot: usize),*) -> *mut u8 {
            let _running = $crate::runtime::Running::begin();
            let slots = [$($slot),*];
            let mut arguments = unsafe { $crate::abi::Flat::new(&slots) };
            $(let $argument: $ty = unsafe { arguments.load() };)+
            $crate::abi::give($result)
        }
    };
    ((8) $($rest:tt)*) => { $crate::abi::exported!([a b c d e f g h] $($rest)*); };
    ((11) $($rest:tt)*) => { $crate::abi::exported!([a b c d e f g h i j k] $($rest)*); };
    ((12) $($rest:tt)*) => { $crate::abi::exported!([a b c d e f g h i j k l] $($rest)*); };
    ((15) $($rest:tt)*) => { $crate::abi::exported!([a b c d e f g h i j k l m n o] $($rest)*); };
    ((16) $($rest:tt)*) => { $crate::abi::exported!([a b c d e f g h i j k l m n o p] $($rest)*); };
}

#[cfg(target_family = "wasm")]
pub(crate) use {export, exported};

#[cfg(test)]
mod tests {
    use alloc::{format, vec};
    use core::fmt::Debug;

    use wit_parser::{
        Resolve, SizeAlign, Type, TypeDefKind,
        abi::{FlatTypes, WasmType},
    };

    use super::*;
    use crate::bindings::exports::wecom::connector::{
        self,
        app_messages::Delivery,
        members::{Gender, Membership, NewMember, TextChange},
        types::{
            AccessToken, Application, ApplicationCredentials, Chatbot, ChatbotCredentials, Error,
            InvalidField, Receipt, TemporaryRejection, Truncation,
        },
    };

    const WORD: usize = size_of::<usize>();

    /// Lays a value out and takes it back.
    fn check_round_trip<T: Canonical + Debug>(value: T) {
        let before = format!("{value:?}");
        let memory = room(T::LAYOUT, 1);
        // SAFETY: there is room for one.
        let after = unsafe {
            value.store(memory);
            T::load(memory)
        };
        assert_eq!(format!("{after:?}"), before);
    }

    fn credentials() -> ApplicationCredentials {
        ApplicationCredentials {
            corp_id: "corp".into(),
            secret: Some("部".into()),
            contacts_secret: None,
            agent_id: Some(7),
            base_url: Some(String::new()),
        }
    }

    /// The layouts of types, with the names of interface and type.
    macro_rules! layouts {
        ($($interface:ident { $($name:ident)+ })+) => {
            [$($((stringify!($interface), stringify!($name), connector::$interface::$name::LAYOUT),)+)+]
        };
    }

    #[test]
    fn types_take_the_room_that_the_canonical_abi_gives_them() {
        let mut contract = Resolve::default();
        contract.push_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/wit")).unwrap();
        let mut sizes = SizeAlign::default();
        sizes.fill(&contract);
        let kebab = |name: &str| {
            let mut kebab = String::new();
            for it in name.chars() {
                if it.is_ascii_uppercase() && !kebab.is_empty() {
                    kebab.push('-');
                }
                kebab.push(it.to_ascii_lowercase());
            }
            kebab.replace('_', "-")
        };

        let layouts = layouts! {
            app_messages {
                Recipients Selection AppMessageOptions AppText AppMarkdown AppFile AppImage AppMpnews AppTextCard
                Delivery
            }
            chatbots { ChatbotText ChatbotImage Base64Image NewsArticle }
            departments { Department NewDepartment DepartmentChanges CreatedDepartment }
            group_chats { GroupChat GroupChatKind NewGroupChat CreatedGroupChat GroupChatChanges }
            group_messages { GroupText GroupMarkdown GroupFile GroupImage GroupMpnews GroupTextCard }
            media { MediaKind ChatbotMediaKind NewMedia NewChatbotMedia UploadedMedia }
            members {
                MemberInDepartment MemberPage Gender Membership TextChange UsersChange NewMember CreatedMember
                NamedDepartment MemberChanges
            }
            tokens { TokenScope IssuedToken }
            types {
                Application ApplicationCredentials AccessToken Chatbot ChatbotCredentials Error InvalidField Rejection
                TemporaryRejection Receipt Truncation Confidentiality MpnewsConfidentiality MpnewsArticle TextCard
            }
        };
        for (interface, name, layout) in &layouts {
            let mut interfaces = contract.interfaces.iter().map(|(_, it)| it);
            let found = interfaces.find(|it| it.name == Some(kebab(interface))).unwrap();
            let ty = Type::Id(found.types[&kebab(name)]);
            let mut room = [WasmType::I32; 64];
            let mut flat = FlatTypes::new(&mut room);
            assert!(contract.push_flat(&ty, &mut flat));
            let (size, align) = match WORD {
                8 => (sizes.size(&ty).size_wasm64(), sizes.align(&ty).align_wasm64()),
                _ => (sizes.size(&ty).size_wasm32(), sizes.align(&ty).align_wasm32()),
            };
            let (expected, found) =
                ((size, align, flat.to_vec().len()), (layout.size, layout.align, layout.flat));
            assert_eq!(found, expected, "{interface} {name}");
        }
        let records_and_choices = contract.types.iter().filter(|(_, it)| {
            matches!(
                it.kind,
                TypeDefKind::Record(_) | TypeDefKind::Variant(_) | TypeDefKind::Enum(_)
            )
        });
        assert_eq!(records_and_choices.count(), layouts.len(), "some are not in the list");
    }

    #[test]
    fn values_stand_where_the_canonical_abi_puts_them() {
        let sizes = |it: Layout| (it.size, it.align, it.payload, it.flat);
        assert_eq!(sizes(bool::LAYOUT), (1, 1, 0, 1));
        assert_eq!(sizes(String::LAYOUT), (2 * WORD, WORD, 0, 2));
        assert_eq!(sizes(Option::<u32>::LAYOUT), (8, 4, 4, 2));
        assert_eq!(sizes(Option::<u64>::LAYOUT), (16, 8, 8, 2));
        assert_eq!(sizes(Option::<Gender>::LAYOUT), (2, 1, 1, 2));
        assert_eq!(sizes(TextChange::LAYOUT), (3 * WORD, WORD, WORD, 3));
    }

    #[test]
    fn values_come_back_as_they_were() {
        let base_url = Some("b".into());
        check_round_trip(Application::Profile("sales".into()));
        check_round_trip(Application::Credentials(credentials()));
        check_round_trip(Application::Token(AccessToken {
            token: "t".into(),
            agent_id: None,
            base_url: base_url.clone(),
        }));
        check_round_trip(Chatbot::Credentials(ChatbotCredentials { key: "k".into(), base_url }));
        let membership = |department_id, order, leader| Membership { department_id, order, leader };
        check_round_trip(NewMember {
            user_id: "u".into(),
            name: "部".into(),
            alias: None,
            gender: Some(Gender::Female),
            enabled: Some(false),
            main_department: Some(u32::MAX),
            position: Some("p".into()),
            departments: Some(vec![
                membership(1, None, Some(true)),
                membership(2, Some(u32::MAX), None),
            ]),
            direct_superiors: Some(vec!["a".into(), String::new()]),
            telephone: None,
            mobile: Some("1".into()),
            email: None,
            corp_email: None,
            address: Some("x".into()),
            to_invite: None,
        });
        check_round_trip(Delivery {
            message_id: Some("m".into()),
            invalid_users: vec![],
            invalid_departments: vec![1, u32::MAX],
            invalid_tags: vec![],
            unlicensed_users: vec!["u".into()],
            truncated: vec![Truncation { field: "f".into(), original_bytes: 9, kept_bytes: 6 }],
            warning: None,
        });
        for error in [
            Error::PermanentInvalidInput(vec![InvalidField {
                field: "f".into(),
                reason: "r".into(),
            }]),
            Error::PermanentMissingCredential("m".into()),
            Error::RejectedForNow(TemporaryRejection {
                code: -1,
                message: "m".into(),
                hint: "h".into(),
                retry_after: Some(60),
            }),
            Error::ExecutionFailed,
        ] {
            check_round_trip(error);
        }
        check_round_trip((0..=u8::MAX).collect::<Vec<_>>());
    }

    #[test]
    fn arguments_come_one_by_one() {
        let text = |it: &str| {
            let bytes = mem::ManuallyDrop::new(it.as_bytes().to_vec());
            [bytes.as_ptr().expose_provenance(), bytes.len()]
        };
        let ([corp, corp_length], [secret, secret_length]) = (text("corp"), text("部"));
        let slots = [
            1,
            corp,
            corp_length,
            1,
            secret,
            secret_length,
            0,
            0,
            0,
            1,
            7,
            1,
            1,
            0,
            /* next */ 9,
        ];
        // SAFETY: these are the credentials, and a number behind them.
        let (application, number) = unsafe {
            let mut flat = Flat::new(&slots);
            (Application::lift(&mut flat), u32::lift(&mut flat))
        };
        let expected = Application::Credentials(credentials());
        assert_eq!(format!("{application:?}"), format!("{expected:?}"));
        assert_eq!(number, 9);

        // A case with less leaves the rest of its room unread.
        let [profile, length] = text("sales");
        let slots = [0, profile, length, 8, 8, 8, 1];
        // SAFETY: as above.
        let (chatbot, last) = unsafe {
            let mut flat = Flat::new(&slots);
            (Chatbot::lift(&mut flat), bool::lift(&mut flat))
        };
        assert_eq!(format!("{chatbot:?}"), "Chatbot::Profile(\"sales\")");
        assert!(last);
    }

    #[test]
    fn results_are_given_with_their_payload() {
        let layout = Layout::variant(&[Receipt::LAYOUT, Error::LAYOUT]);
        let receipt = Receipt { truncated: vec![], warning: Some("w".into()) };
        let given = Case::new(give(Ok::<_, Error>(receipt)), layout);
        // SAFETY: this is what was given.
        let receipt: Receipt = unsafe { given.load() };
        assert_eq!((unsafe { given.number() }, receipt.warning.as_deref()), (0, Some("w")));

        let given = Case::new(give(Err::<Receipt, _>(Error::Unreachable("u".into()))), layout);
        // SAFETY: as above.
        let error: Error = unsafe { given.load() };
        assert_eq!(unsafe { given.number() }, 1);
        assert!(matches!(error, Error::Unreachable(it) if it == "u"));
    }

    #[test]
    fn empty_lists_take_no_room_and_have_a_place() {
        // SAFETY: there is nothing to be laid out.
        let (items, length) = unsafe { laid_out(Vec::<Truncation>::new()) };
        assert_eq!((items.addr() % Truncation::LAYOUT.align, length), (0, 0));
        assert!(!items.is_null());
        // SAFETY: there is none to be read.
        assert!(unsafe { list::<Truncation>(0, 0) }.is_empty());
    }
}
