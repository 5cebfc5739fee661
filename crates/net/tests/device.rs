//! Sockets that lead to a device: reading, writing, waiting and closing.

#[cfg(test)]
mod tests {
    use net::{Device, Line, Ready, Runtime, Sock};
    use std::cell::{Cell, RefCell};
    use std::io::{self, ErrorKind, IoSlice};
    use std::rc::Rc;

    /// Gives back what was written, a few bytes at a time.
    #[derive(Default)]
    struct Echo {
        bytes: RefCell<Vec<u8>>,
        line: Cell<Option<Line>>,
        ended: Cell<bool>,
        closed: Cell<bool>,
    }

    const ROOM: usize = 4;

    impl Echo {
        fn raise(&self, ready: Ready) {
            self.line.get().into_iter().for_each(|line| line.raise(ready));
        }
    }

    impl Device for Echo {
        fn read(&self, buf: &mut [u8]) -> io::Result<usize> {
            let mut bytes = self.bytes.borrow_mut();
            if bytes.is_empty() {
                return if self.ended.get() { Ok(0) } else { Err(ErrorKind::WouldBlock.into()) };
            }
            let n = bytes.len().min(buf.len());
            buf[..n].copy_from_slice(&bytes[..n]);
            bytes.drain(..n);
            self.raise(Ready::WRITE);
            Ok(n)
        }

        fn write(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
            let mut bytes = self.bytes.borrow_mut();
            let before = bytes.len();
            let all = bufs.iter().flat_map(|buf| buf.iter()).take(ROOM - before);
            bytes.extend(all);
            self.raise(Ready::READ);
            if bytes.len() == before { Err(ErrorKind::WouldBlock.into()) } else { Ok(bytes.len() - before) }
        }

        fn shutdown(&self) {
            self.ended.set(true);
            self.raise(Ready::READ);
        }

        fn close(&self) {
            self.closed.set(true);
        }

        fn fault(&self) -> Option<ErrorKind> {
            None
        }

        fn carrier(&self) -> Option<&Sock> {
            None
        }
    }

    async fn write_all(sock: Rc<Sock>, mut bytes: &'static [u8]) {
        while !bytes.is_empty() {
            match sock.try_write2(&bytes[..1], &bytes[1..]) {
                Ok(n) => bytes = &bytes[n..],
                Err(e) if e.kind() == ErrorKind::WouldBlock => {
                    let _ = net::wait(|w| {
                        w.write(&*sock);
                    })
                    .await;
                }
                Err(e) => assert_eq!(e.kind(), ErrorKind::WouldBlock),
            }
        }
        sock.shutdown_write().unwrap();
    }

    #[test]
    fn bytes_go_to_the_device_and_come_back() {
        let echo = Rc::new(Echo::default());
        let device = Rc::clone(&echo);
        let got = Runtime::new().unwrap().run(async move {
            let (sock, line) = Sock::to_device(device.clone()).unwrap();
            device.line.set(Some(line));
            let sock = Rc::new(sock);
            assert!(sock.is_device() && sock.is_alive());
            net::spawn(write_all(Rc::clone(&sock), b"hello, device"));
            let (mut got, mut buf) = (Vec::new(), [0; 3]);
            loop {
                match sock.try_read(&mut buf) {
                    Ok(0) => break,
                    Ok(n) => got.extend_from_slice(&buf[..n]),
                    Err(e) => {
                        assert_eq!(e.kind(), ErrorKind::WouldBlock);
                        let woken = net::wait(|w| {
                            w.read(&*sock).until(net::now().plus_millis(20_000));
                        })
                        .await;
                        assert!(!woken.timed_out());
                    }
                }
            }
            net::yield_now().await;
            assert!(sock.local_addr().is_err() && sock.set_nodelay(true).is_ok());
            drop(sock);
            line.raise(Ready::READ);
            // The handle serves another one.
            let (again, _) = Sock::to_device(Rc::new(Echo::default())).unwrap();
            assert!(again.try_read(&mut buf).is_err_and(|e| e.kind() == ErrorKind::WouldBlock));
            got
        });
        assert_eq!(String::from_utf8(got).unwrap(), "hello, device");
        assert!(echo.closed.get());
    }
}
