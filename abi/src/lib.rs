//! `#[derive(Canonical)]`: how a type of the contract lies in the component's memory, field by field and case by case.
//!
//! The trait, and what it is for, is in the component's `src/abi.rs`.

use proc_macro::TokenStream;
use proc_macro2::{Literal, TokenStream as Tokens};
use quote::quote;
use syn::{Data, DataEnum, DataStruct, DeriveInput, Error, Fields, parse_macro_input};

/// Derives `Canonical` for a record (a struct), and for a variant or an enum (an enum whose cases carry one value or none).
#[proc_macro_derive(Canonical)]
pub fn canonical(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    let name = &input.ident;
    let items = match &input.data {
        Data::Struct(it) => record(it),
        Data::Enum(it) => variant(it),
        Data::Union(it) => Err(Error::new(it.union_token.span, "the contract has no unions")),
    };
    let items = items.unwrap_or_else(Error::into_compile_error);
    quote! {
        #[automatically_derived]
        impl crate::abi::Canonical for #name { #items }
    }
    .into()
}

fn record(record: &DataStruct) -> syn::Result<Tokens> {
    let Fields::Named(fields) = &record.fields else {
        return Err(Error::new(record.struct_token.span, "the fields of a record have names"));
    };
    let names: Vec<_> = fields.named.iter().map(|it| &it.ident).collect();
    let types: Vec<_> = fields.named.iter().map(|it| &it.ty).collect();
    Ok(quote! {
        const LAYOUT: crate::abi::Layout =
            crate::abi::Layout::record(&[#(<#types as crate::abi::Canonical>::LAYOUT),*]);

        unsafe fn load(at: *const u8) -> Self {
            let mut fields = crate::abi::Fields::new(at.cast_mut());
            unsafe { Self { #(#names: fields.load()),* } }
        }

        unsafe fn lift(flat: &mut crate::abi::Flat) -> Self {
            unsafe { Self { #(#names: crate::abi::Canonical::lift(flat)),* } }
        }

        unsafe fn store(self, at: *mut u8) {
            let Self { #(#names),* } = self;
            let mut fields = crate::abi::Fields::new(at);
            unsafe { #(fields.store(#names);)* }
        }
    })
}

fn variant(variant: &DataEnum) -> syn::Result<Tokens> {
    let mut layouts = Vec::new();
    let (mut load, mut lift, mut store) = (Vec::new(), Vec::new(), Vec::new());
    for (number, case) in variant.variants.iter().enumerate() {
        let number = Literal::usize_unsuffixed(number);
        let name = &case.ident;
        match &case.fields {
            Fields::Unit => {
                load.push(quote!(#number => Self::#name));
                lift.push(quote!(#number => Self::#name));
                store.push(quote!(Self::#name => case.store(#number, ())));
            }
            Fields::Unnamed(payload) if payload.unnamed.len() == 1 => {
                layouts.extend(payload.unnamed.iter().map(|it| &it.ty));
                load.push(quote!(#number => Self::#name(case.load())));
                lift.push(
                    quote!(#number => Self::#name(crate::abi::Canonical::lift(&mut payload))),
                );
                store.push(quote!(Self::#name(payload) => case.store(#number, payload)));
            }
            _ => return Err(Error::new(case.ident.span(), "a case carries one value or none")),
        }
    }
    let payload = if layouts.is_empty() { quote!(_) } else { quote!(mut payload) };
    Ok(quote! {
        const LAYOUT: crate::abi::Layout =
            crate::abi::Layout::variant(&[#(<#layouts as crate::abi::Canonical>::LAYOUT),*]);

        unsafe fn load(at: *const u8) -> Self {
            let case = crate::abi::Case::new(at.cast_mut(), Self::LAYOUT);
            unsafe {
                match case.number() {
                    #(#load,)*
                    _ => crate::abi::no_such_case(),
                }
            }
        }

        unsafe fn lift(flat: &mut crate::abi::Flat) -> Self {
            let (number, #payload) = flat.variant(Self::LAYOUT);
            unsafe {
                match number {
                    #(#lift,)*
                    _ => crate::abi::no_such_case(),
                }
            }
        }

        unsafe fn store(self, at: *mut u8) {
            let case = crate::abi::Case::new(at, Self::LAYOUT);
            unsafe {
                match self {
                    #(#store,)*
                }
            }
        }
    })
}
