//! `aes_gcm_enc`, `aes_gcm_dec`, `aes_cbc_enc`, `aes_cbc_dec`: encryption (manual 7.3.1).

use ::aes::cipher::block_padding::Pkcs7;
use ::aes::cipher::consts::{U8, U12, U16};
use ::aes::cipher::{BlockDecryptMut, BlockEncryptMut, KeyIvInit};
use ::aes::{Aes128, Aes192, Aes256};
use aes_gcm::aead::generic_array::GenericArray;
use aes_gcm::{AeadInPlace, AesGcm, KeyInit};

use super::prelude::*;
use crate::fetch::var::put;

/// The bytes of an initialization vector in CBC, and of a tag.
const BLOCK: usize = 16;

const BITS: ArgKind = ArgKind::Own(&Own {
    kind: "integer",
    absent: false,
    read: |written, _| match written.text.parse() {
        Ok(bits @ (128 | 192 | 256)) => Ok(Arg::Sint(bits)),
        Ok(_) => Err("key size must be 128, 192 or 256 (bits).".into()),
        Err(_) => Err(Unread::Form),
    },
});
const NONCE: ArgKind = secret!("failed to parse nonce ");
const KEY: ArgKind = secret!("failed to parse key ");
const TAG: ArgKind = secret!("failed to parse aead_tag ");
const TAG_VAR: ArgKind = ArgKind::Own(&Own {
    kind: "string",
    absent: false,
    read: |written, reading| {
        let failed = |e| format!("failed to parse aead_tag : {e}");
        Ok(Arg::Var(reading.var(written.text).map_err(failed)?))
    },
});
const AAD: ArgKind = secret!("failed to parse aad ");
const CBC: &[ArgSpec] = &[
    ArgSpec::required("bits", BITS),
    ArgSpec::required("nonce", NONCE),
    ArgSpec::required("key", KEY),
    ArgSpec::optional("aad", AAD),
];

pub(super) const KEYWORDS: &[Converter] = &[
    Converter {
        name: "aes_cbc_dec",
        args: CBC,
        takes: Type::Bin,
        gives: Type::Bin,
        doc: "Decrypts what AES in CBC mode encrypted, with a key of 128, 192 or 256 bits. Nonce and key are in base 64, or in \
              variables that hold them so. None if it can't be decrypted.",
        examples: &[Example {
            given: "",
            expr: "bin(db3cc2d0120f83dca4afd17ff9746633),aes_cbc_dec(128,MTIzNDU2Nzg5MDEyMzQ1Ng==,Zm9vb2Zvb29mb29wZm9vbw==)",
            gives: "hello",
        }],
        run: |args, value, cx| cbc_dec(args, value.bytes()?, cx),
    },
    Converter {
        name: "aes_cbc_enc",
        args: CBC,
        takes: Type::Bin,
        gives: Type::Bin,
        doc: "Encrypts with AES in CBC mode, with a key of 128, 192 or 256 bits. Nonce and key are in base 64, or in variables \
              that hold them so.",
        examples: &[Example {
            given: "",
            expr: "str(hello),aes_cbc_enc(128,MTIzNDU2Nzg5MDEyMzQ1Ng==,Zm9vb2Zvb29mb29wZm9vbw==),hex",
            gives: "DB3CC2D0120F83DCA4AFD17FF9746633",
        }],
        run: |args, value, cx| cbc_enc(args, value.bytes()?, cx),
    },
    Converter {
        name: "aes_gcm_dec",
        args: &[
            ArgSpec::required("bits", BITS),
            ArgSpec::required("nonce", NONCE),
            ArgSpec::required("key", KEY),
            ArgSpec::required("aead_tag", TAG),
            ArgSpec::optional("aad", AAD),
        ],
        takes: Type::Bin,
        gives: Type::Bin,
        doc: "Decrypts what AES in GCM mode encrypted, with a key of 128, 192 or 256 bits and a nonce of 8, 12 or 16 bytes. \
              Nonce, key, tag and what else was authenticated are in base 64, or in variables that hold them so. None if \
              something doesn't fit.",
        examples: &[
            Example {
                given: "",
                expr: "bin(c1ea72b95e),aes_gcm_dec(128,MTIzNDU2Nzg5MDEy,Zm9vb2Zvb29mb29wZm9vbw==,ymR0zl25wkuM4Vaqj9IWWg==)",
                gives: "hello",
            },
            Example {
                given: "",
                expr: "bin(c1ea72b95f),aes_gcm_dec(128,MTIzNDU2Nzg5MDEy,Zm9vb2Zvb29mb29wZm9vbw==,ymR0zl25wkuM4Vaqj9IWWg==)",
                gives: "-",
            },
        ],
        run: |args, value, cx| {
            let tag = <[u8; BLOCK]>::try_from(secret_bytes(args, 3, cx)?).ok()?;
            let bytes = cx.arena.alloc_slice_copy(value.bytes()?);
            gcm(args, bytes, Some(tag), cx)?;
            Some(Value::Bin(bytes))
        },
    },
    Converter {
        name: "aes_gcm_enc",
        args: &[
            ArgSpec::required("bits", BITS),
            ArgSpec::required("nonce", NONCE),
            ArgSpec::required("key", KEY),
            ArgSpec::required("aead_tag", TAG_VAR),
            ArgSpec::optional("aad", AAD),
        ],
        takes: Type::Bin,
        gives: Type::Bin,
        doc: "Encrypts with AES in GCM mode, with a key of 128, 192 or 256 bits and a nonce of 8, 12 or 16 bytes, and sets a \
              variable to the tag in base 64. The others are in base 64, or in variables that hold them so.",
        examples: &[
            Example {
                given: "GET / HTTP/1.1\r\n\r\n",
                expr: "str(hello),aes_gcm_enc(128,MTIzNDU2Nzg5MDEy,Zm9vb2Zvb29mb29wZm9vbw==,txn.t),hex",
                gives: "C1EA72B95E",
            },
            Example {
                given: "GET / HTTP/1.1\r\n\r\n",
                expr: "str(hello),aes_gcm_enc(128,MTIzNDU2Nzg5MDEy,Zm9vb2Zvb29mb29wZm9vbw==,txn.t,YWJj),\
                       aes_gcm_dec(128,MTIzNDU2Nzg5MDEy,Zm9vb2Zvb29mb29wZm9vbw==,txn.t,YWJj)",
                gives: "hello",
            },
        ],
        run: |args, value, cx| {
            let bytes = cx.arena.alloc_slice_copy(value.bytes()?);
            let tag = gcm(args, bytes, None, cx)?;
            let tag = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, tag);
            put(args.var(3)?, Some(Value::Str(tag.as_bytes())), cx);
            Some(Value::Bin(bytes))
        },
    },
];

/// As many bytes of the key as the size asks for.
fn key<'a>(args: &'a Args, cx: &Ctx<'a>) -> Option<&'a [u8]> {
    let size = usize::try_from(args.int(0)? / 8).ok()?;
    secret_bytes(args, 2, cx)?.get(..size)
}

/// Encrypts in place, or decrypts if there is a tag; gives the tag. None if something doesn't fit.
fn gcm<'a>(args: &'a Args, bytes: &mut [u8], tag: Option<[u8; BLOCK]>, cx: &Ctx<'a>) -> Option<[u8; BLOCK]> {
    let (nonce, key) = (secret_bytes(args, 1, cx)?, key(args, cx)?);
    let aad = match args.at(4) {
        Some(_) => secret_bytes(args, 4, cx)?,
        None => b"",
    };
    match (key.len(), nonce.len()) {
        (16, 8) => sealed::<AesGcm<Aes128, U8>>(key, nonce, aad, bytes, tag),
        (16, 12) => sealed::<AesGcm<Aes128, U12>>(key, nonce, aad, bytes, tag),
        (16, 16) => sealed::<AesGcm<Aes128, U16>>(key, nonce, aad, bytes, tag),
        (24, 8) => sealed::<AesGcm<Aes192, U8>>(key, nonce, aad, bytes, tag),
        (24, 12) => sealed::<AesGcm<Aes192, U12>>(key, nonce, aad, bytes, tag),
        (24, 16) => sealed::<AesGcm<Aes192, U16>>(key, nonce, aad, bytes, tag),
        (32, 8) => sealed::<AesGcm<Aes256, U8>>(key, nonce, aad, bytes, tag),
        (32, 12) => sealed::<AesGcm<Aes256, U12>>(key, nonce, aad, bytes, tag),
        (32, 16) => sealed::<AesGcm<Aes256, U16>>(key, nonce, aad, bytes, tag),
        _ => None,
    }
}

fn sealed<C: KeyInit + AeadInPlace>(
    key: &[u8],
    nonce: &[u8],
    aad: &[u8],
    bytes: &mut [u8],
    tag: Option<[u8; BLOCK]>,
) -> Option<[u8; BLOCK]> {
    let cipher = C::new_from_slice(key).ok()?;
    let nonce = GenericArray::from_slice(nonce);
    match tag {
        None => {
            let tag = cipher.encrypt_in_place_detached(nonce, aad, bytes).ok()?;
            tag.as_slice().try_into().ok()
        }
        Some(tag) => {
            cipher.decrypt_in_place_detached(nonce, aad, bytes, GenericArray::from_slice(&tag)).ok()?;
            Some(tag)
        }
    }
}

/// The initialization vector; a short one is filled up with zeros.
fn vector<'a>(args: &'a Args, cx: &Ctx<'a>) -> Option<[u8; BLOCK]> {
    let given = secret_bytes(args, 1, cx)?;
    let mut vector = [0; BLOCK];
    for (byte, given) in vector.iter_mut().zip(given) {
        *byte = *given;
    }
    Some(vector)
}

fn cbc_enc<'a>(args: &'a Args, bytes: &[u8], cx: &Ctx<'a>) -> Option<Value<'a>> {
    let (iv, key) = (vector(args, cx)?, key(args, cx)?);
    let room = cx.arena.alloc_slice_fill_copy((bytes.len() / BLOCK + 1) * BLOCK, 0u8);
    fn run<'r, C: KeyIvInit + BlockEncryptMut>(
        k: &[u8],
        iv: &[u8],
        b: &[u8],
        out: &'r mut [u8],
    ) -> Option<&'r [u8]> {
        C::new_from_slices(k, iv).ok()?.encrypt_padded_b2b_mut::<Pkcs7>(b, out).ok()
    }
    let done = match key.len() {
        16 => run::<cbc::Encryptor<Aes128>>(key, &iv, bytes, room),
        24 => run::<cbc::Encryptor<Aes192>>(key, &iv, bytes, room),
        _ => run::<cbc::Encryptor<Aes256>>(key, &iv, bytes, room),
    };
    done.map(Value::Bin)
}

fn cbc_dec<'a>(args: &'a Args, bytes: &[u8], cx: &Ctx<'a>) -> Option<Value<'a>> {
    let (iv, key) = (vector(args, cx)?, key(args, cx)?);
    let room = cx.arena.alloc_slice_fill_copy(bytes.len(), 0u8);
    fn run<'r, C: KeyIvInit + BlockDecryptMut>(
        k: &[u8],
        iv: &[u8],
        b: &[u8],
        out: &'r mut [u8],
    ) -> Option<&'r [u8]> {
        C::new_from_slices(k, iv).ok()?.decrypt_padded_b2b_mut::<Pkcs7>(b, out).ok()
    }
    let done = match key.len() {
        16 => run::<cbc::Decryptor<Aes128>>(key, &iv, bytes, room),
        24 => run::<cbc::Decryptor<Aes192>>(key, &iv, bytes, room),
        _ => run::<cbc::Decryptor<Aes256>>(key, &iv, bytes, room),
    };
    done.map(Value::Bin)
}
