//! Readers around a file that is open.

use std::io::{self, BufRead, Read};

/// A stream whose beginning was read, perhaps up to an error.
pub(super) struct Begun<R> {
    pub(super) front: Vec<u8>,
    pub(super) used: usize,
    pub(super) error: Option<io::Error>,
    pub(super) reader: R,
}

impl<R: BufRead> BufRead for Begun<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.used < self.front.len() {
            return Ok(&self.front[self.used..]);
        }
        self.front = Vec::new();
        match self.error.take() {
            Some(error) => Err(error),
            None => self.reader.fill_buf(),
        }
    }

    fn consume(&mut self, bytes: usize) {
        match self.used < self.front.len() {
            true => self.used += bytes,
            false => self.reader.consume(bytes),
        }
    }
}

impl<R: BufRead> Read for Begun<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

/// A stream that ends with an error once nobody needs it.
pub(super) struct Until<R> {
    pub(super) reader: R,
    pub(super) is_over: Box<dyn Fn() -> bool + Send>,
}

impl<R: BufRead> BufRead for Until<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if (self.is_over)() {
            return Err(io::Error::other("the import has ended"));
        }
        self.reader.fill_buf()
    }

    fn consume(&mut self, bytes: usize) {
        self.reader.consume(bytes);
    }
}

impl<R: BufRead> Read for Until<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

/// A stream that ends at the first error, which is kept.
pub(super) struct UpTo<'r, R> {
    pub(super) reader: R,
    pub(super) error: &'r mut Option<io::Error>,
}

impl<R: BufRead> BufRead for UpTo<'_, R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.error.is_some() {
            return Ok(&[]);
        }
        match self.reader.fill_buf() {
            Ok(buffer) => Ok(buffer),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => {
                *self.error = Some(error);
                Ok(&[])
            }
        }
    }

    fn consume(&mut self, bytes: usize) {
        self.reader.consume(bytes);
    }
}

impl<R: BufRead> Read for UpTo<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}
