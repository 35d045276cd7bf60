//! The functions of a sandbox with Rust types, by interface.
//!
//! The generated code takes all interfaces at once and compares every type in them with the component's. A fresh sandbox
//! for one call would spend more on that than on its memory.

use std::sync::{Arc, OnceLock};

use wasmtime::{
    Store,
    component::{self, InstancePre},
};

use crate::{
    bindings::{ConnectorIndices, exports::wecom::connector as interfaces},
    sandbox::State,
};

macro_rules! interfaces {
    ($($name:ident)*) => {
        /// Where a component has its functions.
        pub(crate) struct Typed {
            all: ConnectorIndices,
            fits: OnceLock<()>,
            $($name: interfaces::$name::GuestIndices,)*
        }

        /// The interfaces of one sandbox. Each is looked up when it is first asked for.
        pub struct Connector {
            typed: Arc<Typed>,
            instance: component::Instance,
            $($name: OnceLock<interfaces::$name::Guest>,)*
        }

        impl Typed {
            pub(crate) fn new(pre: &InstancePre<State>) -> wasmtime::Result<Self> {
                Ok(Self {
                    all: ConnectorIndices::new(pre)?,
                    fits: OnceLock::new(),
                    $($name: interfaces::$name::GuestIndices::new(pre)?,)*
                })
            }
        }

        /// The names of all interfaces, which a test compares with the contract's.
        #[cfg(test)]
        pub(crate) const INTERFACES: &[&str] = &[$(stringify!($name)),*];

        impl Connector {
            pub(crate) fn new(typed: Arc<Typed>, instance: component::Instance) -> Self {
                Self { typed, instance, $($name: OnceLock::new(),)* }
            }

            $(
                /// The functions of this interface.
                ///
                /// # Errors
                /// None in a call: the types of all interfaces were compared before.
                pub fn $name(
                    &self,
                    store: &mut Store<State>,
                ) -> wasmtime::Result<&interfaces::$name::Guest> {
                    if let Some(found) = self.$name.get() {
                        return Ok(found);
                    }
                    let found = self.typed.$name.load(store, &self.instance)?;
                    Ok(self.$name.get_or_init(|| found))
                }
            )*
        }
    };
}

interfaces! { departments members group_chats app_messages group_messages chatbots media tokens texts diagnosis }

impl Typed {
    /// Compares the types of all functions, once a component: its instances do not differ in them.
    pub(crate) fn check(
        &self,
        store: &mut Store<State>,
        instance: &component::Instance,
    ) -> wasmtime::Result<()> {
        if self.fits.get().is_none() {
            self.all.load(store, instance)?;
            self.fits.get_or_init(|| ());
        }
        Ok(())
    }
}
