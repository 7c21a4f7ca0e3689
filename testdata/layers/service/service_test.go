package service

import (
	"testing"
	"unsafe"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert" // want test

	"wstrust/sts"
)

func TestService(t *testing.T) {
	assert.True(t, cmp.Equal(sts.Server{}, unsafe.Sizeof(0)))
}
