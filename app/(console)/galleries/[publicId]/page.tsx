import type { Metadata } from 'next'
import { GalleryPage } from './gallery-page.tsx'

export const metadata: Metadata = { title: 'Gallery' }

export default async function Page({ params }: { params: Promise<{ publicId: string }> }) {
  return <GalleryPage publicId={(await params).publicId} />
}
