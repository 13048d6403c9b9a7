package store

import (
	"learningloop/internal/feedback"
	"learningloop/internal/followup"
	"learningloop/internal/improvement"
	"learningloop/internal/opsitem"
	"learningloop/internal/table"
)

func of[T any](r table.Row, version func(*T, int64)) (T, error) {
	v, err := decode[T](r)
	version(&v, r.Version)
	return v, err
}

// FeedbackOf reads a row of type TypeFeedback, as the change feed gives it.
func FeedbackOf(r table.Row) (feedback.Feedback, error) { return of(r, versionFeedback) }

// EpisodeFrom reads a row of type TypeEpisode.
func EpisodeFrom(r table.Row) (opsitem.Episode, error) { return of(r, versionEpisode) }

// NoticeOf reads a row of type TypeNotice.
func NoticeOf(r table.Row) (improvement.Notice, error) { return of(r, versionNotice) }

// MailOf reads a row of type TypeMail.
func MailOf(r table.Row) (followup.Mail, error) { return of(r, versionMail) }
