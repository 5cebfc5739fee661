//! `x509_v_err_str`: the names of what can be wrong with a certificate (manual 7.3.1), as OpenSSL 3.0 numbers them
//! (X509_STORE_CTX_get_error(3)).

use super::prelude::*;

pub(super) const KEYWORDS: &[Converter] = &[Converter {
    name: "x509_v_err_str",
    args: &[],
    takes: Type::Sint,
    gives: Type::Str,
    doc: "The name of the outcome of a certificate's verification with this number; the number where it has no name.",
    examples: &[
        Example { given: "", expr: "int(0),x509_v_err_str", gives: "X509_V_OK" },
        Example { given: "", expr: "int(10),x509_v_err_str", gives: "X509_V_ERR_CERT_HAS_EXPIRED" },
        Example { given: "", expr: "int(500),x509_v_err_str", gives: "500" },
    ],
    run: |_, value, cx| {
        let Value::Sint(number) = value else { return None };
        Some(Value::Str(match state::tls::verdict::name(number) {
            Some(name) => name.as_bytes(),
            None => cx.arena.alloc_slice_copy(number.cast_unsigned().to_string().as_bytes()),
        }))
    },
}];
