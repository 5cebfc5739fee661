//! The answers that the proxy gives itself: its built-in error pages and redirects.
//!
//! They are messages like any other, so that rules on responses can work on them. It doesn't know error files, `errorloc`
//! or when an answer is due.

use crate::known::Known;
use crate::message::{Full, Message, Version};

/// A built-in answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reply {
    pub status: u16,
    pub reason: &'static str,
    /// HTML, sent as `text/html`.
    pub body: &'static str,
}

impl Reply {
    /// Makes `msg` this answer's head: `content-length`, `cache-control: no-cache`, `content-type: text/html`.
    pub fn fill(&self, msg: &mut Message) -> Result<(), Full> {
        msg.start_response(self.status, self.reason.as_bytes(), Version::HTTP_11)?;
        let mut digits = [0; 20];
        msg.add_header(Known::ContentLength, decimal(self.body.len() as u64, &mut digits))?;
        msg.add_header(Known::CacheControl, b"no-cache")?;
        msg.add_header(Known::ContentType, b"text/html")
    }

    /// Appends the whole answer, with `connection: close` if the connection ends with it; without the body in answer to
    /// HEAD.
    pub fn write(&self, close: bool, head_only: bool, out: &mut Vec<u8>) {
        let mut digits = [0; 20];
        out.extend_from_slice(b"HTTP/1.1 ");
        out.extend_from_slice(decimal(u64::from(self.status), &mut digits));
        out.push(b' ');
        out.extend_from_slice(self.reason.as_bytes());
        out.extend_from_slice(b"\r\ncontent-length: ");
        out.extend_from_slice(decimal(self.body.len() as u64, &mut digits));
        out.extend_from_slice(b"\r\ncache-control: no-cache\r\ncontent-type: text/html\r\n");
        out.extend_from_slice(if close { b"connection: close\r\n\r\n" } else { b"\r\n" });
        if !head_only {
            out.extend_from_slice(self.body.as_bytes());
        }
    }
}

/// Makes `msg` the head of a redirect, which has no body: `content-length: 0`, `location`, and `cache-control: no-cache`
/// for the statuses that aren't meant to be remembered.
pub fn redirect(msg: &mut Message, status: u16, location: &[u8]) -> Result<(), Full> {
    msg.start_response(status, reason(status).as_bytes(), Version::HTTP_11)?;
    msg.add_header(Known::ContentLength, b"0")?;
    msg.add_header(Known::Location, location)?;
    match status {
        302 | 303 | 307 => msg.add_header(Known::CacheControl, b"no-cache"),
        _ => Ok(()),
    }
}

/// The built-in answer with this status; none if there is none.
pub fn error(status: u16) -> Option<&'static Reply> {
    REPLIES.iter().find(|reply| reply.status == status)
}

/// A number in decimal digits.
pub fn decimal(mut number: u64, digits: &mut [u8; 20]) -> &[u8] {
    let mut at = digits.len();
    loop {
        at -= 1;
        if let Some(slot) = digits.get_mut(at) {
            *slot = b'0' + (number % 10) as u8;
        }
        number /= 10;
        if number == 0 {
            return digits.get(at..).unwrap_or_default();
        }
    }
}

/// All built-in answers, by status. The 200 is what `monitor-uri` gives.
pub static REPLIES: &[Reply] = &[
    Reply {
        status: 200,
        reason: "OK",
        body: "<html><body><h1>200 OK</h1>\nService ready.\n</body></html>\n",
    },
    Reply {
        status: 400,
        reason: "Bad request",
        body: "<html><body><h1>400 Bad request</h1>\nYour browser sent an invalid request.\n</body></html>\n",
    },
    Reply {
        status: 401,
        reason: "Unauthorized",
        body: "<html><body><h1>401 Unauthorized</h1>\nYou need a valid user and password to access this content.\n</body></html>\n",
    },
    Reply {
        status: 403,
        reason: "Forbidden",
        body: "<html><body><h1>403 Forbidden</h1>\nRequest forbidden by administrative rules.\n</body></html>\n",
    },
    Reply {
        status: 404,
        reason: "Not Found",
        body: "<html><body><h1>404 Not Found</h1>\nThe resource could not be found.\n</body></html>\n",
    },
    Reply {
        status: 405,
        reason: "Method Not Allowed",
        body: "<html><body><h1>405 Method Not Allowed</h1>\nA request was made of a resource using a request method not supported by that resource.\n</body></html>\n",
    },
    Reply {
        status: 407,
        reason: "Unauthorized",
        body: "<html><body><h1>407 Unauthorized</h1>\nYou need a valid user and password to access this content.\n</body></html>\n",
    },
    Reply {
        status: 408,
        reason: "Request Time-out",
        body: "<html><body><h1>408 Request Time-out</h1>\nYour browser didn't send a complete request in time.\n</body></html>\n",
    },
    Reply {
        status: 410,
        reason: "Gone",
        body: "<html><body><h1>410 Gone</h1>\nThe resource is no longer available and will not be available again.\n</body></html>\n",
    },
    Reply {
        status: 413,
        reason: "Payload Too Large",
        body: "<html><body><h1>413 Payload Too Large</h1>\nThe request entity exceeds the maximum allowed.\n</body></html>\n",
    },
    Reply {
        status: 414,
        reason: "URI Too Long",
        body: "<html><body><h1>414 URI Too Long</h1>\nThe URI provided was too long for the server to process.\n</body></html>\n",
    },
    Reply {
        status: 421,
        reason: "Misdirected Request",
        body: "<html><body><h1>421 Misdirected Request</h1>\nRequest sent to a non-authoritative server.\n</body></html>\n",
    },
    Reply {
        status: 422,
        reason: "Unprocessable Content",
        body: "<html><body><h1>422 Unprocessable Content</h1>\nThe server cannot process the contained instructions.\n</body></html>\n",
    },
    Reply {
        status: 425,
        reason: "Too Early",
        body: "<html><body><h1>425 Too Early</h1>\nYour browser sent early data.\n</body></html>\n",
    },
    Reply {
        status: 429,
        reason: "Too Many Requests",
        body: "<html><body><h1>429 Too Many Requests</h1>\nYou have sent too many requests in a given amount of time.\n</body></html>\n",
    },
    Reply {
        status: 431,
        reason: "Request Header Fields Too Large",
        body: "<html><body><h1>431 Request Header Fields Too Large</h1>\nRequest Header Fields Too Large.\n</body></html>\n",
    },
    Reply {
        status: 500,
        reason: "Internal Server Error",
        body: "<html><body><h1>500 Internal Server Error</h1>\nAn internal server error occurred.\n</body></html>\n",
    },
    Reply {
        status: 501,
        reason: "Not Implemented",
        body: "<html><body><h1>501 Not Implemented</h1>\nThe server does not support the functionality required to fulfill the request.\n</body></html>\n",
    },
    Reply {
        status: 502,
        reason: "Bad Gateway",
        body: "<html><body><h1>502 Bad Gateway</h1>\nThe server returned an invalid or incomplete response.\n</body></html>\n",
    },
    Reply {
        status: 503,
        reason: "Service Unavailable",
        body: "<html><body><h1>503 Service Unavailable</h1>\nNo server is available to handle this request.\n</body></html>\n",
    },
    Reply {
        status: 504,
        reason: "Gateway Time-out",
        body: "<html><body><h1>504 Gateway Time-out</h1>\nThe server didn't respond in time.\n</body></html>\n",
    },
];

/// The reason phrase that goes with a status where none is given (`http-response set-status`, `http-request return`).
/// The phrases are HAProxy's, and differ here and there from those of the built-in answers.
pub fn reason(status: u16) -> &'static str {
    match REASONS.binary_search_by_key(&status, |(status, _)| *status) {
        Ok(at) => REASONS.get(at).map_or("", |(_, reason)| reason),
        Err(_) => match status / 100 {
            1 => "Informational",
            2 => "Success",
            3 => "Redirection",
            4 => "Client Error",
            5 => "Server Error",
            _ => "Other",
        },
    }
}

/// By status, for a binary search.
static REASONS: &[(u16, &str)] = &[
    (100, "Continue"),
    (101, "Switching Protocols"),
    (102, "Processing"),
    (200, "OK"),
    (201, "Created"),
    (202, "Accepted"),
    (203, "Non-Authoritative Information"),
    (204, "No Content"),
    (205, "Reset Content"),
    (206, "Partial Content"),
    (207, "Multi-Status"),
    (210, "Content Different"),
    (226, "IM Used"),
    (300, "Multiple Choices"),
    (301, "Moved Permanently"),
    (302, "Found"),
    (303, "See Other"),
    (304, "Not Modified"),
    (305, "Use Proxy"),
    (307, "Temporary Redirect"),
    (308, "Permanent Redirect"),
    (310, "Too many Redirects"),
    (400, "Bad Request"),
    (401, "Unauthorized"),
    (402, "Payment Required"),
    (403, "Forbidden"),
    (404, "Not Found"),
    (405, "Method Not Allowed"),
    (406, "Not Acceptable"),
    (407, "Proxy Authentication Required"),
    (408, "Request Time-out"),
    (409, "Conflict"),
    (410, "Gone"),
    (411, "Length Required"),
    (412, "Precondition Failed"),
    (413, "Request Entity Too Large"),
    (414, "Request-URI Too Long"),
    (415, "Unsupported Media Type"),
    (416, "Requested range unsatisfiable"),
    (417, "Expectation failed"),
    (418, "I'm a teapot"),
    (421, "Misdirected Request"),
    (422, "Unprocessable Content"),
    (423, "Locked"),
    (424, "Method failure"),
    (425, "Too Early"),
    (426, "Upgrade Required"),
    (428, "Precondition Required"),
    (429, "Too Many Requests"),
    (431, "Request Header Fields Too Large"),
    (449, "Retry With"),
    (450, "Blocked by Windows Parental Controls"),
    (451, "Unavailable For Legal Reasons"),
    (456, "Unrecoverable Error"),
    (499, "client has closed connection"),
    (500, "Internal Server Error"),
    (501, "Not Implemented"),
    (502, "Bad Gateway or Proxy Error"),
    (503, "Service Unavailable"),
    (504, "Gateway Time-out"),
    (505, "HTTP Version not supported"),
    (506, "Variant also negotiate"),
    (507, "Insufficient storage"),
    (508, "Loop detected"),
    (509, "Bandwidth Limit Exceeded"),
    (510, "Not extended"),
    (511, "Network authentication required"),
    (520, "Web server is returning an unknown error"),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// What the reference sends, by status.
    const CAPTURED: &[(u16, &str)] = &[
        (
            200,
            "HTTP/1.1 200 OK\r\ncontent-length: 58\r\ncache-control: no-cache\r\ncontent-type: text/html\r\n\r\n<html><body><h1>200 OK</h1>\nService ready.\n</body></html>\n",
        ),
        (
            400,
            "HTTP/1.1 400 Bad request\r\ncontent-length: 90\r\ncache-control: no-cache\r\ncontent-type: text/html\r\n\r\n<html><body><h1>400 Bad request</h1>\nYour browser sent an invalid request.\n</body></html>\n",
        ),
        (
            401,
            "HTTP/1.1 401 Unauthorized\r\ncontent-length: 112\r\ncache-control: no-cache\r\ncontent-type: text/html\r\n\r\n<html><body><h1>401 Unauthorized</h1>\nYou need a valid user and password to access this content.\n</body></html>\n",
        ),
        (
            403,
            "HTTP/1.1 403 Forbidden\r\ncontent-length: 93\r\ncache-control: no-cache\r\ncontent-type: text/html\r\n\r\n<html><body><h1>403 Forbidden</h1>\nRequest forbidden by administrative rules.\n</body></html>\n",
        ),
        (
            404,
            "HTTP/1.1 404 Not Found\r\ncontent-length: 83\r\ncache-control: no-cache\r\ncontent-type: text/html\r\n\r\n<html><body><h1>404 Not Found</h1>\nThe resource could not be found.\n</body></html>\n",
        ),
        (
            405,
            "HTTP/1.1 405 Method Not Allowed\r\ncontent-length: 147\r\ncache-control: no-cache\r\ncontent-type: text/html\r\n\r\n<html><body><h1>405 Method Not Allowed</h1>\nA request was made of a resource using a request method not supported by that resource.\n</body></html>\n",
        ),
        (
            407,
            "HTTP/1.1 407 Unauthorized\r\ncontent-length: 112\r\ncache-control: no-cache\r\ncontent-type: text/html\r\n\r\n<html><body><h1>407 Unauthorized</h1>\nYou need a valid user and password to access this content.\n</body></html>\n",
        ),
        (
            408,
            "HTTP/1.1 408 Request Time-out\r\ncontent-length: 110\r\ncache-control: no-cache\r\ncontent-type: text/html\r\n\r\n<html><body><h1>408 Request Time-out</h1>\nYour browser didn't send a complete request in time.\n</body></html>\n",
        ),
        (
            410,
            "HTTP/1.1 410 Gone\r\ncontent-length: 114\r\ncache-control: no-cache\r\ncontent-type: text/html\r\n\r\n<html><body><h1>410 Gone</h1>\nThe resource is no longer available and will not be available again.\n</body></html>\n",
        ),
        (
            413,
            "HTTP/1.1 413 Payload Too Large\r\ncontent-length: 106\r\ncache-control: no-cache\r\ncontent-type: text/html\r\n\r\n<html><body><h1>413 Payload Too Large</h1>\nThe request entity exceeds the maximum allowed.\n</body></html>\n",
        ),
        (
            414,
            "HTTP/1.1 414 URI Too Long\r\ncontent-length: 110\r\ncache-control: no-cache\r\ncontent-type: text/html\r\n\r\n<html><body><h1>414 URI Too Long</h1>\nThe URI provided was too long for the server to process.\n</body></html>\n",
        ),
        (
            421,
            "HTTP/1.1 421 Misdirected Request\r\ncontent-length: 104\r\ncache-control: no-cache\r\ncontent-type: text/html\r\n\r\n<html><body><h1>421 Misdirected Request</h1>\nRequest sent to a non-authoritative server.\n</body></html>\n",
        ),
        (
            422,
            "HTTP/1.1 422 Unprocessable Content\r\ncontent-length: 116\r\ncache-control: no-cache\r\ncontent-type: text/html\r\n\r\n<html><body><h1>422 Unprocessable Content</h1>\nThe server cannot process the contained instructions.\n</body></html>\n",
        ),
        (
            425,
            "HTTP/1.1 425 Too Early\r\ncontent-length: 80\r\ncache-control: no-cache\r\ncontent-type: text/html\r\n\r\n<html><body><h1>425 Too Early</h1>\nYour browser sent early data.\n</body></html>\n",
        ),
        (
            429,
            "HTTP/1.1 429 Too Many Requests\r\ncontent-length: 117\r\ncache-control: no-cache\r\ncontent-type: text/html\r\n\r\n<html><body><h1>429 Too Many Requests</h1>\nYou have sent too many requests in a given amount of time.\n</body></html>\n",
        ),
        (
            431,
            "HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 105\r\ncache-control: no-cache\r\ncontent-type: text/html\r\n\r\n<html><body><h1>431 Request Header Fields Too Large</h1>\nRequest Header Fields Too Large.\n</body></html>\n",
        ),
        (
            500,
            "HTTP/1.1 500 Internal Server Error\r\ncontent-length: 97\r\ncache-control: no-cache\r\ncontent-type: text/html\r\n\r\n<html><body><h1>500 Internal Server Error</h1>\nAn internal server error occurred.\n</body></html>\n",
        ),
        (
            501,
            "HTTP/1.1 501 Not Implemented\r\ncontent-length: 135\r\ncache-control: no-cache\r\ncontent-type: text/html\r\n\r\n<html><body><h1>501 Not Implemented</h1>\nThe server does not support the functionality required to fulfill the request.\n</body></html>\n",
        ),
        (
            502,
            "HTTP/1.1 502 Bad Gateway\r\ncontent-length: 107\r\ncache-control: no-cache\r\ncontent-type: text/html\r\n\r\n<html><body><h1>502 Bad Gateway</h1>\nThe server returned an invalid or incomplete response.\n</body></html>\n",
        ),
        (
            503,
            "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 107\r\ncache-control: no-cache\r\ncontent-type: text/html\r\n\r\n<html><body><h1>503 Service Unavailable</h1>\nNo server is available to handle this request.\n</body></html>\n",
        ),
        (
            504,
            "HTTP/1.1 504 Gateway Time-out\r\ncontent-length: 92\r\ncache-control: no-cache\r\ncontent-type: text/html\r\n\r\n<html><body><h1>504 Gateway Time-out</h1>\nThe server didn't respond in time.\n</body></html>\n",
        ),
    ];

    /// An answer as it goes out, as message and body.
    fn as_message(reply: &Reply) -> Vec<u8> {
        let mut msg = Message::new();
        reply.fill(&mut msg).unwrap();
        let mut out = Vec::new();
        msg.write_response_head(&mut out);
        out.extend_from_slice(reply.body.as_bytes());
        out
    }

    #[test]
    fn answers_are_the_captured_ones() {
        assert_eq!(CAPTURED.len(), REPLIES.len());
        for (status, text) in CAPTURED {
            let reply = error(*status).unwrap();
            let mut out = Vec::new();
            reply.write(false, false, &mut out);
            assert_eq!(std::str::from_utf8(&out).unwrap(), *text);
            assert_eq!(std::str::from_utf8(&as_message(reply)).unwrap(), *text);
        }
        assert!(error(418).is_none());
    }

    #[test]
    fn the_connection_may_end_and_head_gets_no_body() {
        let mut out = Vec::new();
        error(403).unwrap().write(true, true, &mut out);
        let expected = "HTTP/1.1 403 Forbidden\r\ncontent-length: 93\r\ncache-control: no-cache\r\n\
                        content-type: text/html\r\nconnection: close\r\n\r\n";
        assert_eq!(std::str::from_utf8(&out).unwrap(), expected);
    }

    #[test]
    fn redirects_are_the_captured_ones() {
        let captured = [
            (301, "Moved Permanently", ""),
            (302, "Found", "cache-control: no-cache\r\n"),
            (303, "See Other", "cache-control: no-cache\r\n"),
            (307, "Temporary Redirect", "cache-control: no-cache\r\n"),
            (308, "Permanent Redirect", ""),
        ];
        for (status, reason, cache) in captured {
            let mut msg = Message::new();
            redirect(&mut msg, status, b"/to/x").unwrap();
            let mut out = Vec::new();
            msg.write_response_head(&mut out);
            let text =
                format!("HTTP/1.1 {status} {reason}\r\ncontent-length: 0\r\nlocation: /to/x\r\n{cache}\r\n");
            assert_eq!(std::str::from_utf8(&out).unwrap(), text);
        }
    }

    #[test]
    fn reasons_are_sorted_for_the_search() {
        assert!(REASONS.is_sorted_by(|a, b| a.0 < b.0));
        for (status, expected) in
            [(200, "OK"), (299, "Success"), (502, "Bad Gateway or Proxy Error"), (99, "Other")]
        {
            assert_eq!(reason(status), expected);
        }
    }

    #[test]
    fn numbers() {
        for number in [0, 7, 10, 1234567890, u64::MAX] {
            assert_eq!(decimal(number, &mut [0; 20]), number.to_string().as_bytes());
        }
    }
}
