//! A tenant as a person keeps it: profiles, `.env` import, and the doctor.
