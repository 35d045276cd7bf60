//! The one upload form that WeCom accepts.

use alloc::{format, string::String, vec, vec::Vec};

/// One file as `multipart/form-data`, in parts so that the file itself is not copied.
#[cfg_attr(test, derive(Debug, PartialEq))]
pub(crate) struct Upload {
    pub(crate) content_type: String,
    pub(crate) parts: Vec<Vec<u8>>,
}

impl Upload {
    /// One part named `media`, its file name raw and quoted, as WeCom does not know `filename*`. The boundary is not quoted
    /// in the header.
    pub(crate) fn new(file_name: &str, part_type: &str, content: Vec<u8>) -> Self {
        let mut boundary = String::from("wecom-connector-0");
        let mut number = 0_u32;
        while contains_delimiter(&content, boundary.as_bytes()) {
            number += 1;
            boundary = format!("wecom-connector-{number}");
        }
        let head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"media\"; filename=\"{file_name}\"; filelength={}\r\n\
             Content-Type: {part_type}\r\n\r\n",
            content.len()
        );
        let tail = format!("\r\n--{boundary}--\r\n");
        Self {
            content_type: format!("multipart/form-data; boundary={boundary}"),
            parts: vec![head.into_bytes(), content, tail.into_bytes()],
        }
    }
}

/// Whether a line of the content begins with the boundary's delimiter.
fn contains_delimiter(content: &[u8], boundary: &[u8]) -> bool {
    content
        .split(|&byte| byte == b'\n')
        .any(|line| line.strip_prefix(b"--").is_some_and(|it| it.starts_with(boundary)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn upload_is_one_part_named_media() {
        let upload = Upload::new("名单.txt", "application/octet-stream", b"Mon 7-5".to_vec());
        assert_eq!(upload.content_type, "multipart/form-data; boundary=wecom-connector-0");
        assert_eq!(
            String::from_utf8(upload.parts.concat()).unwrap(),
            "--wecom-connector-0\r\nContent-Disposition: form-data; name=\"media\"; filename=\"名单.txt\"; filelength=7\r\n\
             Content-Type: application/octet-stream\r\n\r\nMon 7-5\r\n--wecom-connector-0--\r\n"
        );
    }

    #[test]
    fn boundary_is_never_in_the_file() {
        let content = b"x\r\n--wecom-connector-0\r\n--wecom-connector-1--".to_vec();
        assert_eq!(
            Upload::new("a", "b", content).content_type,
            "multipart/form-data; boundary=wecom-connector-2"
        );
    }
}
